// How far everything is: files and bytes, how fast, and how long it still takes.

import { getConnection, onConnectionChange } from "../static/desk/session.js";
import { Refused } from "./signing.js";
import { formatBytes, formatCount, formatText, formatRate, formatTime } from "./formatting.js";

const INTERVAL = 1000;
// How much the newest second weighs in the rate that is shown.
const NEWEST_WEIGHT = 0.25;
// A rate of the first moments says nothing.
const SECONDS_TO_SETTLE = 3;

/** Follows Uppy's files in `element`; `show(id, part, text)` tells of one file, `say(text, now)` goes to a screen reader. */
export function showTotalProgress(uppy, element, { words, show, say }) {
  const bar = element.querySelector("progress");
  const line = element.querySelector("[data-line]");
  const files = new Map();
  let timer = null;
  let checking = 0;
  let announcedState = "";
  let last = { at: 0, sent: 0, rate: 0, ticks: 0 };

  const unfinished = () => [...files.values()].filter((file) => !file.done && !file.failed);
  const sumOf = (name) => [...files.values()].reduce((all, file) => all + file[name], 0);
  const isPaused = () => {
    const going = uppy.getFiles().filter((file) => !file.progress.uploadComplete && !file.error);
    return going.length > 0 && going.every((file) => file.isPaused);
  };

  function measureRate() {
    const now = performance.now();
    const sent = sumOf("sent");
    const seconds = (now - last.at) / 1000;
    if (seconds < 0.5) return;
    const newest = Math.max(0, sent - last.sent) / seconds;
    const smooth = last.ticks ? last.rate + NEWEST_WEIGHT * (newest - last.rate) : newest;
    last = { at: now, sent, rate: smooth, ticks: last.ticks + 1 };
  }

  function describeProgress(state) {
    const [sent, all] = [sumOf("sent"), sumOf("size")];
    const said = [formatText(words[state], { n: formatCount(checking) })];
    if (files.size) {
      const done = [...files.values()].filter((file) => file.done).length;
      said.push(formatText(words.files, { done: formatCount(done), all: formatCount(files.size) }));
      said.push(formatText(words.bytes, { sent: formatBytes(sent), all: formatBytes(all) }));
    }
    if (state === "sending" && last.ticks >= SECONDS_TO_SETTLE && last.rate > 0) {
      const failed = [...files.values()].reduce((lost, file) => lost + (file.failed ? file.size - file.sent : 0), 0);
      said.push(formatRate(last.rate), formatText(words.left, { time: formatTime((all - sent - failed) / last.rate) }));
    }
    return said.join(" · ");
  }

  function computeState() {
    const going = unfinished().length;
    if (going && getConnection() !== "in") return getConnection() === "offline" ? "offline" : "signedOut";
    if (going) return isPaused() ? "paused" : "sending";
    if (checking) return "checking";
    return [...files.values()].some((file) => file.failed) ? "stopped" : "sent";
  }

  function update() {
    const now = computeState();
    if (now === "sending") measureRate();
    else last = { at: performance.now(), sent: sumOf("sent"), rate: 0, ticks: 0 };
    element.hidden = !files.size && !checking;
    bar.max = sumOf("size") || 1;
    bar.value = sumOf("sent");
    line.textContent = describeProgress(now);
    // A change of state is told at once, how far it is only now and then.
    say(line.textContent, now !== announcedState);
    announcedState = now;
    for (const [id, file] of files) if (file.moved) showFile(id, file);
    if (!unfinished().length && !checking) {
      clearInterval(timer);
      timer = null;
    }
  }

  function showFile(id, file) {
    file.moved = false;
    const seconds = (performance.now() - file.since) / 1000;
    const left = seconds > SECONDS_TO_SETTLE ? formatTime(((file.size - file.sent) * seconds) / Math.max(1, file.sent - file.before)) : "";
    const said = [formatText(words.bytes, { sent: formatBytes(file.sent), all: formatBytes(file.size) })];
    if (left) said.push(formatText(words.left, { time: left }));
    show(id, file.sent / (file.size || 1), said.join(" · "));
  }

  function start() {
    timer ??= setInterval(update, INTERVAL);
    queueMicrotask(update);
  }

  function addFile(file) {
    files.set(file.id, { size: file.size ?? 0, sent: file.progress.bytesUploaded || 0, done: false, failed: false });
  }

  function updateFile(id, values) {
    const file = files.get(id);
    if (file) Object.assign(file, values);
  }

  uppy.on("files-added", (added) => {
    added.forEach(addFile);
    if (added.length) start();
  });
  uppy.on("restored", () => {
    uppy.getFiles().filter((file) => !file.progress.uploadComplete).forEach(addFile);
    if (files.size) update();
  });
  uppy.on("upload-start", start);
  uppy.on("upload-progress", (file, { bytesUploaded }) => {
    const entry = files.get(file.id);
    if (!entry || entry.done) return;
    if (!entry.since) Object.assign(entry, { since: performance.now(), before: bytesUploaded });
    Object.assign(entry, { sent: Math.min(bytesUploaded, entry.size), moved: true });
  });
  uppy.on("upload-success", (file) => {
    const entry = files.get(file.id);
    updateFile(file.id, { done: true, moved: false, sent: entry?.size });
  });
  // What broke off goes on by itself; what was refused does not.
  uppy.on("upload-error", (file, error) => updateFile(file.id, { failed: error instanceof Refused, moved: false, since: 0 }));
  onConnectionChange(() => files.size && start());
  uppy.on("upload-retry", (file) => updateFile(file.id, { failed: false, since: 0 }));
  uppy.on("retry-all", (again) => again.forEach((file) => updateFile(file.id, { failed: false, since: 0 })));
  uppy.on("file-removed", (file) => {
    if (!files.get(file.id)?.done) files.delete(file.id);
    start();
  });
  uppy.on("upload-pause", start);
  uppy.on("pause-all", start);
  uppy.on("resume-all", start);

  return {
    isChecking: () => checking > 0,
    refused(file) {
      updateFile(file.id, { failed: true, moved: false });
      start();
    },
    checking(number) {
      checking = number;
      start();
    },
  };
}
