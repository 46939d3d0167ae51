// The upload page: Uppy sends the files straight into the upload bucket, the list below follows each one to its end.

import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import { poll } from "../static/desk/polling.js";
import { createUploadList } from "./upload_list.js";
import { createBatch } from "./batch_metadata.js";
import { acceptDropAndPaste } from "./drop_and_paste.js";
import { createFileChecks, getFolderPath } from "./file_checks.js";
import { explainPause } from "./retries.js";
import { createInterruptedFiles } from "./interrupted_files.js";
import { formatCount, formatText } from "./formatting.js";
import { createUploader } from "./uploader.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
const batch = createBatch(page);
const list = createUploadList(document.getElementById("arrivals"), page, batch.see);
const heldBar = document.getElementById("held");
const noteLine = document.getElementById("noted");
let copies = 0;

function readTheme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

const { uppy, pluralize, totalProgress, arrived, ask, uploadOf, isSending } = createUploader(page, list, {
  // What one editor left unfinished is not offered to the next one at the same machine.
  id: `desk-${page.user}`,
  autoProceed: true,
  onTicket: batch.begin,
  onGone: (file) => checks.forget(file.meta.sha256),
});
const interrupted = createInterruptedFiles(list, page.words, (files) => checks.check(files));

uppy
  .use(Dashboard, {
    target: "#drop",
    inline: true,
    width: "100%",
    height: 320,
    theme: readTheme(),
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

new MutationObserver(() => uppy.getPlugin("Dashboard").setOptions({ theme: readTheme() })).observe(
  document.documentElement,
  { attributeFilter: ["data-theme"] },
);

// Uppy forgets the list around a single file, whose item then has no list to belong to.
const drop = document.getElementById("drop");
new MutationObserver(() => drop.querySelector(".uppy-Dashboard-files:not([role])")?.setAttribute("role", "list")).observe(
  drop,
  { childList: true, subtree: true },
);

function showNote(text) {
  noteLine.textContent = text;
  noteLine.hidden = false;
}

/** How many files wait for the editor's answer. */
function showHeldCount(number) {
  heldBar.hidden = number === 0;
  const text = number === 1 ? heldBar.dataset.textOne : heldBar.dataset.text;
  heldBar.querySelector("[data-text]").textContent = formatText(text, { n: formatCount(number) });
}

const checks = createFileChecks(page, {
  send(files, isSentAnyway = false) {
    const startedParts = new Map();
    const descriptors = files.map(([file, sha256, type]) => {
      const before = interrupted.take(file, sha256);
      const folder = getFolderPath(file) || null;
      // Uppy takes a file once; one that is sent anyway gets a place of its own.
      const relativePath = isSentAnyway ? `${++copies}/${folder ?? file.name}` : folder;
      const meta = { relativePath, sha256, batch: before?.batch ?? batch.id, upload: before?.upload };
      if (before?.s3Multipart) startedParts.set(before.upload, before.s3Multipart);
      return { source: "desk", name: file.name, type, data: file, meta };
    });
    uppy.addFiles(descriptors);
    // The parts that the store has already are not sent again.
    for (const { id, meta } of uppy.getFiles()) {
      if (startedParts.has(meta.upload)) uppy.setFileState(id, { s3Multipart: startedParts.get(meta.upload) });
    }
  },
  hold(key, name, why, answers, number) {
    const label = (text) => formatText(text, { name });
    const { sendOne, leaveOne } = page.words.checks;
    list.showHeld(key, name, why, [
      [page.words.checks.send, label(sendOne), answers.send],
      [page.words.checks.leave, label(leaveOne), answers.leave],
    ]);
    showHeldCount(number);
  },
  drop(key, number) {
    list.remove(key);
    showHeldCount(number);
  },
  refuse: (key, name, reason) => list.showLocal(key, name, "refused", reason),
  note: showNote,
  checking: totalProgress.checking,
  isOwn: (upload) => Boolean(upload) && uppy.getFiles().some((file) => file.meta.upload === upload),
});

// The drop zone's own buttons lead through the same checks.
uppy.getPlugin("Dashboard").addFiles = checks.check;
heldBar.querySelector("[data-send]").addEventListener("click", () => checks.answerAll("send"));
heldBar.querySelector("[data-leave]").addEventListener("click", () => checks.answerAll("leave"));
acceptDropAndPaste({
  cover: document.getElementById("cover"),
  take: checks.check,
  broken: () => showNote(page.words.checks.unreadable),
  words: page.words.checks,
});
explainPause(document.getElementById("why"), page.words, () => isSending() || list.isFollowing());

uppy.on("thumbnail:generated", (file, preview) => list.showPreview(file.id, uploadOf(file), preview));

/** After a reload each file is where it truly is: arrived, ready to go on, or to be chosen again. */
uppy.on("restored", () => {
  for (const file of uppy.getFiles()) {
    const { id, name, isGhost, meta, progress: { uploadComplete } } = file;
    batch.adopt(meta.batch, Boolean(meta.upload));
    if (uploadComplete) arrived(file, meta.upload);
    else if (isGhost) {
      interrupted.add({ ...file, ...meta, name });
      uppy.removeFile(id);
    } else {
      // Its row is the one that the browser can go on with.
      interrupted.drop(meta.upload);
      list.showLocal(id, name, "unfinished");
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
  if (batch.isUnsaved) event.preventDefault();
});

list.restore(page.recent);
interrupted.addAll(page.recent);
