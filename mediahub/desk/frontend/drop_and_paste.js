// The ways in besides the drop zone: files and folders dropped anywhere on the page, and what is pasted.

import { getDroppedFiles } from "@uppy/core/utils";
import { formatText } from "./formatting.js";

// What browsers call a picture that has no file of its own.
const UNNAMED = /^image\.[a-z0-9]+$/i;

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
const isTypedInto = (element) => element.closest?.("input, textarea, select, [contenteditable]");

/** `take` gets the files; `cover` is shown while something is dragged over the page. */
export function acceptDropAndPaste({ cover, take, broken, words }) {
  function onDrag(kind, listener) {
    // Before the drop zone's own listeners, so that every way leads through the same checks.
    window.addEventListener(kind, (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      listener(event);
    }, true);
  }

  onDrag("dragenter", () => (cover.hidden = false));
  onDrag("dragover", (event) => {
    event.dataTransfer.dropEffect = "copy";
    cover.hidden = false;
  });
  onDrag("dragleave", (event) => {
    // Between elements of the page there is always a next one.
    if (!event.relatedTarget) cover.hidden = true;
  });
  onDrag("drop", async (event) => {
    cover.hidden = true;
    take(await getDroppedFiles(event.dataTransfer, { logDropError: broken }));
  });

  window.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || isTypedInto(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    take(files.map((file, place) => nameFile(file, place, words.pasted)));
  }, true);
}

function nameFile(file, place, text) {
  if (!UNNAMED.test(file.name)) return file;
  const now = new Date();
  const part = (number) => String(number).padStart(2, "0");
  const day = [now.getFullYear(), part(now.getMonth() + 1), part(now.getDate())].join("-");
  const when = `${day} ${[now.getHours(), now.getMinutes(), now.getSeconds()].map(part).join(".")}`;
  const name = formatText(text, { when }) + (place ? ` ${place + 1}` : "");
  return new File([file], name + file.name.slice(file.name.lastIndexOf(".")), { type: file.type });
}
