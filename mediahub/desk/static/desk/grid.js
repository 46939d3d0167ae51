// The library's grid: counts what is selected, and shows images that arrive while the page is open.

import { load, poll } from "./poller.js";

const form = document.getElementById("library");
const news = document.getElementById("news");

function cards(root) {
  return new Map([...root.querySelectorAll("[data-image]")].map((card) => [card.dataset.image, card]));
}

function count() {
  const boxes = [...form.querySelectorAll("input[name=_selected_action]")];
  const chosen = boxes.filter((box) => box.checked).length;
  const bar = form.querySelector("[data-selection]");
  if (!bar) return;
  bar.querySelector("[data-count]").textContent = chosen;
  const all = bar.querySelector("[data-all]");
  all.checked = chosen > 0 && chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

/** Fetches this very page and takes over its cards, leaving alone what an editor has selected or focused. */
async function refresh() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("grid");
  const grid = document.getElementById("grid");
  if (!fresh) return;
  if (!grid) return location.reload();
  const held = cards(grid);
  let added = 0;
  let before = null;
  for (const [id, card] of cards(fresh)) {
    const old = held.get(id);
    held.delete(id);
    if (!old) {
      added += 1;
      card.classList.add("is-new");
      grid.insertBefore(card, before ? before.nextElementSibling : grid.firstElementChild);
    } else if (old.dataset.revision !== card.dataset.revision && !old.contains(document.activeElement)) {
      card.querySelector("input").checked = old.querySelector("input").checked;
      old.replaceWith(card);
    }
    before = old?.isConnected ? old : card;
  }
  for (const gone of held.values()) {
    if (!gone.querySelector("input:checked") && !gone.contains(document.activeElement)) gone.remove();
  }
  if (added) news.textContent = news.dataset.text.replace("{n}", added);
  count();
}

let seen = form.dataset.newest;

poll(async () => {
  const pulse = await load(form.dataset.pulse);
  const badge = document.querySelector("[data-failed]");
  if (badge) {
    badge.textContent = pulse.failed;
    badge.hidden = !pulse.failed;
  }
  if (pulse.newest === seen) return false;
  seen = pulse.newest;
  await refresh();
  return true;
});

form.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) {
    for (const box of form.querySelectorAll("input[name=_selected_action]")) box.checked = event.target.checked;
  }
  count();
});
count();
