// The form for one file, for a browser that has JavaScript: it shows how far the file is, goes on after a break, and says
// in a sentence why a file was refused.

import { send as post } from "../static/desk/session.js";
import { createUploadList } from "./upload_list.js";
import { acceptDropAndPaste } from "./drop_and_paste.js";
import { explainPause } from "./retries.js";
import { createIdentifier } from "./file_kinds.js";
import { createInterruptedFiles } from "./interrupted_files.js";
import { createUploader } from "./uploader.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
const { one: words, dashboard } = page.words;
const form = document.getElementById("one-file");
const noteLine = document.getElementById("noted");
const list = createUploadList(document.getElementById("arrivals"), page);
list.restore(page.recent);
if (form) enhanceForm();

function enhanceForm() {
  const input = form.elements.file;
  const button = form.querySelector("[type=submit]");
  const identify = createIdentifier(page, post);
  const { uppy, isSending } = createUploader(page, list, { id: `desk-one-${page.user}`, autoProceed: false, onGone: enable });

  function showNote(text) {
    noteLine.textContent = text;
    noteLine.hidden = !text;
  }

  /** The form takes a file again. */
  function enable() {
    button.disabled = input.disabled = false;
  }

  async function sendFile(file) {
    showNote("");
    button.disabled = input.disabled = true;
    const { type, reason } = await identify(file);
    if (!type) {
      enable();
      return showNote(reason);
    }
    for (const { id } of uppy.getFiles()) uppy.removeFile(id);
    const meta = { upload: interrupted.take(file)?.upload };
    try {
      uppy.addFile({ source: "desk", name: file.name, type, data: file, meta });
    } catch (error) {
      enable();
      return showNote(error.message);
    }
    return uppy.upload().catch((error) => console.warn(error));
  }

  /** Pause or resume, and cancel, in the row of the file. */
  function showButtons(file, isPaused) {
    const steer = isPaused ? dashboard.resume : dashboard.pause;
    list.showAnswers(file.id, [
      [steer, `${steer}: ${file.name}`, () => uppy.pauseResume(file.id)],
      [dashboard.cancel, `${dashboard.cancel}: ${file.name}`, () => uppy.removeFile(file.id)],
    ]);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) sendFile(input.files[0]);
  });
  uppy.on("upload-start", (files) => files.forEach((file) => showButtons(file, false)));
  uppy.on("upload-pause", showButtons);
  uppy.on("upload-retry", (file) => showButtons(file, false));
  uppy.on("upload-error", enable);
  uppy.on("upload-success", (file) => {
    list.showAnswers(file.meta.upload ?? file.id, []);
    form.reset();
    enable();
  });

  function takeFile([file, ...others]) {
    if (!file || input.disabled) return;
    const carried = new DataTransfer();
    carried.items.add(file);
    input.files = carried.files;
    // Nothing is sent before somebody has read what will happen.
    showNote(others.length ? words.several : "");
    button.focus();
  }

  const interrupted = createInterruptedFiles(list, page.words, takeFile);
  interrupted.addAll(page.recent);
  acceptDropAndPaste({
    cover: document.getElementById("cover"),
    take: takeFile,
    broken: () => showNote(page.words.checks.unreadable),
    words: page.words.checks,
  });
  explainPause(document.getElementById("why"), page.words, isSending);
  form.querySelector("[data-drop]").hidden = false;
  form.querySelector("[data-plain]").hidden = true;
}
