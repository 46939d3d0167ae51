// The tree of collections beside the grid: images that are selected are dragged onto it, and it stays as it was left.

import { send } from "./signed_in.js";

const dropped = document.getElementById("dropped");
const KIND = "application/x-mediahub-images";
// So long one waits over what is closed until it opens. Source: what file managers do.
const OPENS_AFTER = 600;
const chosen = () => [...document.querySelectorAll("input[name=image]:checked")].map((box) => box.closest("[data-image]").dataset.image);
const placeAt = (target) => target.closest?.("[data-collection]");

const places = document.getElementById("places");

// On a small screen the pictures come first, until an editor asks for the tree.
const wasLeft = /places=(open|closed)/.exec(document.cookie)?.[1] ?? (matchMedia("(max-width: 900px)").matches ? "closed" : "open");
if (places) places.open = wasLeft === "open";

// The toggle event comes a task later, and a page that is reloaded at once never sees it.
places?.querySelector("summary").addEventListener("click", () => {
  document.cookie = `places=${places.open ? "closed" : "open"}; path=/; max-age=31536000; samesite=lax`;
});

let over = null;
let opening = null;

function mark(place) {
  if (place === over) return;
  clearTimeout(opening);
  over?.classList.remove("is-over");
  over = place;
  over?.classList.add("is-over");
  const closed = over?.parentElement.querySelector(":scope > details:not([open])");
  if (closed) opening = setTimeout(() => (closed.open = true), OPENS_AFTER);
}

/** What is seen under the pointer: how many there are, for a screen full of pictures hides them. */
function picture(number) {
  const shown = document.createElement("div");
  shown.className = "dragged";
  shown.textContent = number.toLocaleString(document.documentElement.lang);
  document.body.append(shown);
  setTimeout(() => shown.remove());
  return shown;
}

async function put(place, images) {
  const form = dropped.querySelector("form");
  const sent = new FormData();
  sent.set("collection", place.dataset.collection);
  for (const image of images) sent.append("image", image);
  let told;
  try {
    const answer = await send(dropped.dataset.put, { method: "POST", body: sent });
    told = await answer.json();
  } catch (error) {
    console.warn(error);
    told = { reason: dropped.dataset.failed };
  }
  dropped.querySelector("p").textContent = told.text ?? told.reason;
  dropped.classList.toggle("is-bad", !told.text);
  form.hidden = !told.undo;
  if (told.undo) form.action = told.undo;
  if (told.undo) await recount();
}

/** Fetches this page for the numbers beside the collections alone; who holds one by keyboard keeps it. */
async function recount() {
  const answer = await send(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const place of page.querySelectorAll("[data-collection]")) {
    const here = document.querySelector(`[data-collection="${place.dataset.collection}"] .quiet`);
    if (here) here.textContent = place.querySelector(".quiet").textContent;
  }
}

if (dropped) {
  document.addEventListener("dragstart", (event) => {
    const card = event.target.closest?.(".card");
    const images = chosen();
    if (!card?.querySelector("input[name=image]:checked")) return;
    event.dataTransfer.setData(KIND, JSON.stringify(images));
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setDragImage(picture(images.length), 12, 12);
    document.body.classList.add("is-dragging");
  });
  document.addEventListener("dragover", (event) => {
    const place = event.dataTransfer.types.includes(KIND) ? placeAt(event.target) : null;
    mark(place);
    if (!place) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  document.addEventListener("drop", (event) => {
    const place = placeAt(event.target);
    if (!place || !event.dataTransfer.types.includes(KIND)) return;
    event.preventDefault();
    put(place, JSON.parse(event.dataTransfer.getData(KIND)));
  });
  for (const kind of ["dragend", "drop"]) {
    document.addEventListener(kind, () => {
      mark(null);
      document.body.classList.remove("is-dragging");
    });
  }
}
