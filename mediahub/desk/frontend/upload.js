// The upload page: Uppy sends the files straight into the upload bucket, the list below follows each one to its end.

import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import { poll } from "../static/desk/poller.js";
import { arrivals } from "./arrivals.js";
import { batch } from "./batch.js";
import { openDoors } from "./doors.js";
import { gate } from "./gate.js";
import { sayWhy } from "./going_on.js";
import { lostFiles } from "./lost.js";
import { count, fill } from "./numbers.js";
import { sender } from "./sender.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
const together = batch(page);
const list = arrivals(document.getElementById("arrivals"), page, together.see);
const held = document.getElementById("held");
const noted = document.getElementById("noted");
let again = 0;

function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

const { uppy, pluralize, far, arrived, ask, uploadOf, isSending } = sender(page, list, {
  // What one editor left unfinished is not offered to the next one at the same machine.
  id: `desk-${page.user}`,
  autoProceed: true,
  onTicket: together.begin,
  onGone: (file) => checks.forget(file.meta.sha256),
});
const lost = lostFiles(list, page.words, (files) => checks.take(files));

uppy
  .use(Dashboard, {
    target: "#drop",
    inline: true,
    width: "100%",
    height: 320,
    theme: theme(),
    proudlyDisplayPoweredByUppy: false,
    singleFileFullScreen: false,
    fileManagerSelectionType: "both",
    // The line above the list tells it in the reader's language.
    hideProgressDetails: true,
    note: page.words.note,
    locale: { strings: page.words.dashboard, pluralize },
  })
  // Its own limits are for documents; a file that does not fit is offered again too, to be chosen once more.
  .use(GoldenRetriever, { indexedDB: { maxFileSize: page.maxBytes, maxTotalSize: 5 * page.maxBytes } });

new MutationObserver(() => uppy.getPlugin("Dashboard").setOptions({ theme: theme() })).observe(
  document.documentElement,
  { attributeFilter: ["data-theme"] },
);

// Uppy forgets the list around a single file, whose item then has no list to belong to.
const drop = document.getElementById("drop");
new MutationObserver(() => drop.querySelector(".uppy-Dashboard-files:not([role])")?.setAttribute("role", "list")).observe(
  drop,
  { childList: true, subtree: true },
);

function note(text) {
  noted.textContent = text;
  noted.hidden = false;
}

/** How many files wait for the editor's answer. */
function waiting(number) {
  held.hidden = number === 0;
  held.querySelector("[data-text]").textContent = fill(held.dataset.text, { n: count(number) });
}

const checks = gate({ known: page.known, words: page.words.checks }, {
  send(files, isSentAnyway = false) {
    const begun = new Map();
    const wanted = files.map(([file, sha256]) => {
      const before = lost.take(file, sha256);
      const folder = file.relativePath || file.webkitRelativePath || null;
      // Uppy takes a file once; one that is sent anyway gets a place of its own.
      const relativePath = isSentAnyway ? `${++again}/${folder ?? file.name}` : folder;
      const meta = { relativePath, sha256, batch: before?.batch ?? together.id, upload: before?.upload };
      if (before?.s3Multipart) begun.set(before.upload, before.s3Multipart);
      return { source: "desk", name: file.name, type: file.type, data: file, meta };
    });
    uppy.addFiles(wanted);
    // The parts that the store has already are not sent again.
    for (const { id, meta } of uppy.getFiles()) {
      if (begun.has(meta.upload)) uppy.setFileState(id, { s3Multipart: begun.get(meta.upload) });
    }
  },
  hold(key, name, why, answers, number) {
    const label = (text) => fill(text, { name });
    const { sendOne, leaveOne } = page.words.checks;
    list.held(key, name, why, [
      [page.words.checks.send, label(sendOne), answers.send],
      [page.words.checks.leave, label(leaveOne), answers.leave],
    ]);
    waiting(number);
  },
  drop(key, number) {
    list.forget(key);
    waiting(number);
  },
  note,
  checking: far.checking,
  isOwn: (upload) => Boolean(upload) && uppy.getFiles().some((file) => file.meta.upload === upload),
});

// The drop zone's own buttons lead through the same checks.
uppy.getPlugin("Dashboard").addFiles = checks.take;
held.querySelector("[data-send]").addEventListener("click", () => checks.answerAll("send"));
held.querySelector("[data-leave]").addEventListener("click", () => checks.answerAll("leave"));
openDoors({
  cover: document.getElementById("cover"),
  take: checks.take,
  broken: () => note(page.words.checks.unreadable),
  words: page.words.checks,
});
sayWhy(document.getElementById("why"), page.words, () => isSending() || list.isFollowing());

uppy.on("thumbnail:generated", (file, preview) => list.preview(file.id, uploadOf(file), preview));

/** After a reload each file is where it truly is: arrived, ready to go on, or to be chosen again. */
uppy.on("restored", () => {
  for (const file of uppy.getFiles()) {
    const { id, name, isGhost, meta, progress: { uploadComplete } } = file;
    together.adopt(meta.batch, Boolean(meta.upload));
    if (uploadComplete) arrived(file, meta.upload);
    else if (isGhost) {
      lost.add({ ...file, ...meta, name });
      uppy.removeFile(id);
    } else {
      // Its row is the one that the browser can go on with.
      lost.drop(meta.upload);
      list.local(id, name, "unfinished");
      if (meta.sha256) checks.remember(meta.sha256, name);
    }
  }
  poll(findArrived);
});

/** Whether a file that was cut off has arrived all the same may be known only a while later. */
async function findArrived() {
  const files = uppy.getFiles().filter((file) => uploadOf(file));
  // Once they are resumed, each is asked about when it fails.
  if (!files.length || !uppy.getState().recoveredState) return null;
  const states = await ask(files.map(uploadOf));
  const there = files.filter((file) => uppy.getFile(file.id) && states.get(uploadOf(file))?.arrived);
  for (const file of there) arrived(file, uploadOf(file));
  return there.length > 0;
}

addEventListener("beforeunload", (event) => {
  if (together.isUnsaved) event.preventDefault();
});

list.restore(page.recent);
lost.addAll(page.recent);
