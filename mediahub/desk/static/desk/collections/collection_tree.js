// The tree of collections beside the grid: images that are selected are dragged onto it, and it stays as it was left.

import { send } from "../session.js";

const dropMessage = document.getElementById("dropped");
const DRAG_TYPE = "application/x-mediahub-images";
// So long one waits over what is closed until it opens. Source: what file managers do.
const OPEN_DELAY = 600;
const listSelectedImages = () => [...document.querySelectorAll("input[name=image]:checked")].map((box) => box.closest("[data-image]").dataset.image);
const findCollectionAt = (target) => target.closest?.("[data-collection]");

const tree = document.getElementById("places");

// On a small screen the pictures come first, until an editor asks for the tree.
const savedState = /places=(open|closed)/.exec(document.cookie)?.[1] ?? (matchMedia("(max-width: 900px)").matches ? "closed" : "open");
if (tree) tree.open = savedState === "open";

// The toggle event comes a task later, and a page that is reloaded at once never sees it.
tree?.querySelector("summary").addEventListener("click", () => {
  document.cookie = `places=${tree.open ? "closed" : "open"}; path=/; max-age=31536000; samesite=lax`;
});

let highlighted = null;
let openTimer = null;

function highlight(place) {
  if (place === highlighted) return;
  clearTimeout(openTimer);
  highlighted?.classList.remove("is-over");
  highlighted = place;
  highlighted?.classList.add("is-over");
  const closed = highlighted?.parentElement.querySelector(":scope > details:not([open])");
  if (closed) openTimer = setTimeout(() => (closed.open = true), OPEN_DELAY);
}

/** What is seen under the pointer: how many there are, for a screen full of pictures hides them. */
function createDragImage(number) {
  const shown = document.createElement("div");
  shown.className = "dragged";
  shown.textContent = number.toLocaleString(document.documentElement.lang);
  document.body.append(shown);
  setTimeout(() => shown.remove());
  return shown;
}

async function putImages(place, images) {
  const form = dropMessage.querySelector("form");
  const data = new FormData();
  data.set("collection", place.dataset.collection);
  for (const image of images) data.append("image", image);
  let result;
  try {
    const answer = await send(dropMessage.dataset.put, { method: "POST", body: data });
    result = await answer.json();
  } catch (error) {
    console.warn(error);
    result = { reason: dropMessage.dataset.failed };
  }
  dropMessage.querySelector("p").textContent = result.text ?? result.reason;
  dropMessage.classList.toggle("is-bad", !result.text);
  form.hidden = !result.undo;
  if (result.undo) form.action = result.undo;
  if (result.undo) await refreshCounts();
}

/** Fetches this page for the numbers beside the collections alone; who holds one by keyboard keeps it. */
async function refreshCounts() {
  const answer = await send(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const place of page.querySelectorAll("[data-collection]")) {
    const here = document.querySelector(`[data-collection="${place.dataset.collection}"] .quiet`);
    if (here) here.textContent = place.querySelector(".quiet").textContent;
  }
}

if (dropMessage) {
  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.(".card");
    const images = listSelectedImages();
    if (!card?.querySelector("input[name=image]:checked")) return;
    event.dataTransfer.setData(DRAG_TYPE, JSON.stringify(images));
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setDragImage(createDragImage(images.length), 12, 12);
    document.body.classList.add("is-dragging");
  });
  document.addEventListener("dragover", (event) => {
    const place = event.dataTransfer.types.includes(DRAG_TYPE) ? findCollectionAt(event.target) : null;
    highlight(place);
    if (!place) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    const place = findCollectionAt(event.target);
    if (!place || !event.dataTransfer.types.includes(DRAG_TYPE)) return;
    event.preventDefault();
    putImages(place, JSON.parse(event.dataTransfer.getData(DRAG_TYPE)));
  });
  for (const kind of ["dragend", "drop"]) {
    document.addEventListener(kind, () => {
      highlight(null);
      document.body.classList.remove("is-dragging");
    });
  }
}
