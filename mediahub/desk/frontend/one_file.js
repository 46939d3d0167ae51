// The form for one file, for a browser that has JavaScript: it shows how far the file is, goes on after a break, and says
// in a sentence why a file was refused.

import { arrivals } from "./arrivals.js";
import { openDoors } from "./doors.js";
import { sayWhy } from "./going_on.js";
import { lostFiles } from "./lost.js";
import { sender } from "./sender.js";

const page = JSON.parse(document.getElementById("upload-config").textContent);
const { one: words, dashboard } = page.words;
const form = document.getElementById("one-file");
const noted = document.getElementById("noted");
const list = arrivals(document.getElementById("arrivals"), page);
list.restore(page.recent);
if (form) begin();

function begin() {
  const input = form.elements.file;
  const button = form.querySelector("[type=submit]");
  const { uppy, isSending } = sender(page, list, { id: `desk-one-${page.user}`, autoProceed: false, onGone: offer });

  function note(text) {
    noted.textContent = text;
    noted.hidden = !text;
  }

  /** The form takes a file again. */
  function offer() {
    button.disabled = input.disabled = false;
  }

  function send(file) {
    note("");
    for (const { id } of uppy.getFiles()) uppy.removeFile(id);
    const meta = { upload: lost.take(file)?.upload };
    try {
      uppy.addFile({ source: "desk", name: file.name, type: file.type, data: file, meta });
    } catch (error) {
      return note(error.message);
    }
    button.disabled = input.disabled = true;
    return uppy.upload().catch((error) => console.warn(error));
  }

  /** Pause or resume, and cancel, in the row of the file. */
  function buttons(file, isPaused) {
    const steer = isPaused ? dashboard.resume : dashboard.pause;
    list.answer(file.id, [
      [steer, `${steer}: ${file.name}`, () => uppy.pauseResume(file.id)],
      [dashboard.cancel, `${dashboard.cancel}: ${file.name}`, () => uppy.removeFile(file.id)],
    ]);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files.length) send(input.files[0]);
  });
  uppy.on("upload-start", (files) => files.forEach((file) => buttons(file, false)));
  uppy.on("upload-pause", buttons);
  uppy.on("upload-retry", (file) => buttons(file, false));
  uppy.on("upload-error", offer);
  uppy.on("upload-success", (file) => {
    list.answer(file.meta.upload ?? file.id, []);
    form.reset();
    offer();
  });

  function take([file, ...others]) {
    if (!file || input.disabled) return;
    const carried = new DataTransfer();
    carried.items.add(file);
    input.files = carried.files;
    // Nothing is sent before somebody has read what will happen.
    note(others.length ? words.several : "");
    button.focus();
  }

  const lost = lostFiles(list, page.words, take);
  lost.addAll(page.recent);
  openDoors({
    cover: document.getElementById("cover"),
    take,
    broken: () => note(page.words.checks.unreadable),
    words: page.words.checks,
  });
  sayWhy(document.getElementById("why"), page.words, isSending);
  form.querySelector("[data-drop]").hidden = false;
  form.querySelector("[data-plain]").hidden = true;
}
