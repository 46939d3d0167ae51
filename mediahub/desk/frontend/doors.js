// The ways in besides the drop zone: files and folders dropped anywhere on the page, and what is pasted.

import { getDroppedFiles } from "@uppy/core/utils";
import { fill } from "./numbers.js";

// What browsers call a picture that has no file of its own.
const NAMELESS = /^image\.[a-z0-9]+$/i;

const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
const isTypedInto = (element) => element.closest?.("input, textarea, select, [contenteditable]");

/** `take` gets the files; `cover` is shown while something is dragged over the page. */
export function openDoors({ cover, take, broken, words }) {
  function on(kind, listener) {
    // Before the drop zone's own listeners, so that every way leads through the same checks.
    window.addEventListener(kind, (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      event.stopPropagation();
      listener(event);
    }, true);
  }

  on("dragenter", () => (cover.hidden = false));
  on("dragover", (event) => {
    event.dataTransfer.dropEffect = "copy";
    cover.hidden = false;
  });
  on("dragleave", (event) => {
    // Between elements of the page there is always a next one.
    if (!event.relatedTarget) cover.hidden = true;
  });
  on("drop", async (event) => {
    cover.hidden = true;
    take(await getDroppedFiles(event.dataTransfer, { logDropError: broken }));
  });

  window.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || isTypedInto(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    take(files.map((file, place) => named(file, place, words.pasted)));
  }, true);
}

function named(file, place, text) {
  if (!NAMELESS.test(file.name)) return file;
  const now = new Date();
  const part = (number) => String(number).padStart(2, "0");
  const day = [now.getFullYear(), part(now.getMonth() + 1), part(now.getDate())].join("-");
  const when = `${day} ${[now.getHours(), now.getMinutes(), now.getSeconds()].map(part).join(".")}`;
  const name = fill(text, { when }) + (place ? ` ${place + 1}` : "");
  return new File([file], name + file.name.slice(file.name.lastIndexOf(".")), { type: file.type });
}
