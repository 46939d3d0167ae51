// How far everything is: files and bytes, how fast, and how long it still takes.

import { getStanding, onStanding } from "../static/desk/signed_in.js";
import { Refused } from "./signing.js";
import { bytes, count, fill, rate, time } from "./numbers.js";

const EVERY = 1000;
// How much the newest second weighs in the rate that is shown.
const NEWEST = 0.25;
// A rate of the first moments says nothing.
const SETTLED = 3;

/** Follows Uppy's files in `element`; `show(id, part, text)` tells of one file, `say(text, now)` goes to a screen reader. */
export function progress(uppy, element, { words, show, say }) {
  const bar = element.querySelector("progress");
  const line = element.querySelector("[data-line]");
  const files = new Map();
  let timer = null;
  let checking = 0;
  let told = "";
  let last = { at: 0, sent: 0, rate: 0, ticks: 0 };

  const unfinished = () => [...files.values()].filter((file) => !file.done && !file.failed);
  const sum = (name) => [...files.values()].reduce((all, file) => all + file[name], 0);
  const isPaused = () => {
    const going = uppy.getFiles().filter((file) => !file.progress.uploadComplete && !file.error);
    return going.length > 0 && going.every((file) => file.isPaused);
  };

  function measure() {
    const now = performance.now();
    const sent = sum("sent");
    const seconds = (now - last.at) / 1000;
    if (seconds < 0.5) return;
    const newest = Math.max(0, sent - last.sent) / seconds;
    const smooth = last.ticks ? last.rate + NEWEST * (newest - last.rate) : newest;
    last = { at: now, sent, rate: smooth, ticks: last.ticks + 1 };
  }

  function sentence(state) {
    const [sent, all] = [sum("sent"), sum("size")];
    const said = [fill(words[state], { n: count(checking) })];
    if (files.size) {
      const done = [...files.values()].filter((file) => file.done).length;
      said.push(fill(words.files, { done: count(done), all: count(files.size) }));
      said.push(fill(words.bytes, { sent: bytes(sent), all: bytes(all) }));
    }
    if (state === "sending" && last.ticks >= SETTLED && last.rate > 0) {
      const failed = [...files.values()].reduce((lost, file) => lost + (file.failed ? file.size - file.sent : 0), 0);
      said.push(rate(last.rate), fill(words.left, { time: time((all - sent - failed) / last.rate) }));
    }
    return said.join(" · ");
  }

  function state() {
    const going = unfinished().length;
    if (going && getStanding() !== "in") return getStanding() === "offline" ? "offline" : "signedOut";
    if (going) return isPaused() ? "paused" : "sending";
    if (checking) return "checking";
    return [...files.values()].some((file) => file.failed) ? "stopped" : "sent";
  }

  function tick() {
    const now = state();
    if (now === "sending") measure();
    else last = { at: performance.now(), sent: sum("sent"), rate: 0, ticks: 0 };
    element.hidden = !files.size && !checking;
    bar.max = sum("size") || 1;
    bar.value = sum("sent");
    line.textContent = sentence(now);
    // A change of state is told at once, how far it is only now and then.
    say(line.textContent, now !== told);
    told = now;
    for (const [id, file] of files) if (file.moved) one(id, file);
    if (!unfinished().length && !checking) {
      clearInterval(timer);
      timer = null;
    }
  }

  function one(id, file) {
    file.moved = false;
    const seconds = (performance.now() - file.since) / 1000;
    const left = seconds > SETTLED ? time(((file.size - file.sent) * seconds) / Math.max(1, file.sent - file.before)) : "";
    const said = [fill(words.bytes, { sent: bytes(file.sent), all: bytes(file.size) })];
    if (left) said.push(fill(words.left, { time: left }));
    show(id, file.sent / (file.size || 1), said.join(" · "));
  }

  function run() {
    timer ??= setInterval(tick, EVERY);
    queueMicrotask(tick);
  }

  function add(file) {
    files.set(file.id, { size: file.size ?? 0, sent: file.progress.bytesUploaded || 0, done: false, failed: false });
  }

  function set(id, values) {
    const file = files.get(id);
    if (file) Object.assign(file, values);
  }

  uppy.on("files-added", (added) => {
    added.forEach(add);
    if (added.length) run();
  });
  uppy.on("restored", () => {
    uppy.getFiles().filter((file) => !file.progress.uploadComplete).forEach(add);
    if (files.size) tick();
  });
  uppy.on("upload-start", run);
  uppy.on("upload-progress", (file, { bytesUploaded }) => {
    const held = files.get(file.id);
    if (!held || held.done) return;
    if (!held.since) Object.assign(held, { since: performance.now(), before: bytesUploaded });
    Object.assign(held, { sent: Math.min(bytesUploaded, held.size), moved: true });
  });
  uppy.on("upload-success", (file) => {
    const held = files.get(file.id);
    set(file.id, { done: true, moved: false, sent: held?.size });
  });
  // What broke off goes on by itself; what was refused does not.
  uppy.on("upload-error", (file, error) => set(file.id, { failed: error instanceof Refused, moved: false, since: 0 }));
  onStanding(() => files.size && run());
  uppy.on("upload-retry", (file) => set(file.id, { failed: false, since: 0 }));
  uppy.on("retry-all", (again) => again.forEach((file) => set(file.id, { failed: false, since: 0 })));
  uppy.on("file-removed", (file) => {
    if (!files.get(file.id)?.done) files.delete(file.id);
    run();
  });
  uppy.on("upload-pause", run);
  uppy.on("pause-all", run);
  uppy.on("resume-all", run);

  return {
    isChecking: () => checking > 0,
    refused(file) {
      set(file.id, { failed: true, moved: false });
      run();
    },
    checking(number) {
      checking = number;
      run();
    },
  };
}
