// The upload page: Uppy sends the files straight into the upload bucket, the list below follows each one to its end.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import { arrivals } from "./arrivals.js";
import { batch } from "./batch.js";
import { openDoors } from "./doors.js";
import { gate } from "./gate.js";
import { count, fill } from "./numbers.js";
import { progress } from "./progress.js";
import { signer } from "./signing.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
const csrf = document.querySelector("[name=csrfmiddlewaretoken]").value;
const together = batch(page, csrf);
const list = arrivals(document.getElementById("arrivals"), page, together.see);
const held = document.getElementById("held");
const noted = document.getElementById("noted");
const uploads = new Map();
const rules = new Intl.PluralRules(document.documentElement.lang);
const pluralize = (number) => rules.select(number);
let again = 0;

function theme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "auto";
}

const uppy = new Uppy({
  // What one editor left unfinished is not offered to the next one at the same machine.
  id: `desk-${page.user}`,
  autoProceed: true,
  restrictions: { maxFileSize: page.maxBytes, minFileSize: 1, allowedFileTypes: page.types },
  locale: { strings: page.words.uppy, pluralize },
});

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
  .use(AwsS3, {
    shouldUseMultipart: (file) => file.size > page.partThreshold,
    getChunkSize: () => page.partBytes,
    allowedMetaFields: [],
    limit: 4,
    generateObjectKey: (file) => file.id,
    signRequest: signer({ ...page, csrf }, (key) => uppy.getFile(key), (file, ticket) => {
      uploads.set(file.id, ticket.upload);
      uppy.setFileMeta(file.id, { upload: ticket.upload });
    }),
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

const far = progress(uppy, document.getElementById("far"), { words: page.words.progress, show: list.sent, say: list.say });

function note(text) {
  noted.textContent = text;
  noted.hidden = false;
}

/** How many files wait for the editor's answer. */
function waiting(number) {
  held.hidden = number === 0;
  held.querySelector("[data-text]").textContent = fill(held.dataset.text, { n: count(number) });
}

const checks = gate({ known: page.known, csrf, words: page.words.checks }, {
  send(files, isSentAnyway = false) {
    const wanted = files.map(([file, sha256]) => {
      const folder = file.relativePath || file.webkitRelativePath || null;
      // Uppy takes a file once; one that is sent anyway gets a place of its own.
      const relativePath = isSentAnyway ? `${++again}/${folder ?? file.name}` : folder;
      const meta = { relativePath, sha256, batch: together.id };
      return { source: "desk", name: file.name, type: file.type, data: file, meta };
    });
    uppy.addFiles(wanted);
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

uppy.on("restored", () => {
  for (const { id, name, isGhost, meta, progress: { uploadComplete } } of uppy.getFiles()) {
    if (!uploadComplete) list.local(id, name, "unfinished");
    if (meta.upload) uploads.set(id, meta.upload);
    if (meta.sha256 && !isGhost) checks.remember(meta.sha256, name);
    together.adopt(meta.batch);
  }
});
uppy.on("file-added", (file) => list.local(file.id, file.name, "queued"));
uppy.on("upload-start", (files) => files.forEach((file) => list.local(file.id, file.name, "queued")));
uppy.on("upload-progress", ({ id }, { bytesUploaded }) => {
  if (bytesUploaded && uppy.getFile(id) && !uppy.getFile(id).isPaused) list.begin(id);
});
uppy.on("upload-pause", (file, isPaused) => list.local(file.id, file.name, isPaused ? "paused" : "sending"));
uppy.on("pause-all", () => {
  for (const { id, name, isPaused } of uppy.getFiles()) if (isPaused) list.local(id, name, "paused");
});
uppy.on("thumbnail:generated", (file, preview) => list.preview(uploads.get(file.id) ?? file.id, preview));
uppy.on("upload-error", (file, error) => list.local(file.id, file.name, "refused", error.message));
uppy.on("restriction-failed", (file, error) => {
  if (file) list.local(`refused-${file.name}-${file.size}`, file.name, "refused", error.message);
});
uppy.on("file-removed", (file) => {
  if (file.progress.uploadComplete) return;
  list.forget(file.id);
  checks.forget(file.meta.sha256);
});
uppy.on("upload-success", (file) => {
  list.local(file.id, file.name, "sent");
  list.follow(file.id, uploads.get(file.id) ?? file.meta.upload);
});
uppy.on("complete", ({ successful }) => {
  // What has arrived is told below; the drop zone keeps what still needs the editor.
  for (const file of successful) uppy.removeFile(file.id);
});

list.restore(page.recent);
