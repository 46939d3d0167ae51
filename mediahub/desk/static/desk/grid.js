// The library's grid: counts what is selected, and shows images that arrive while the page is open.

import { load, poll } from "./poller.js";

const library = () => document.getElementById("library");
// The boxes stand in the cards, outside the form they belong to.
const boxes = () => [...library().elements].filter((box) => box.name === "_selected_action");
const cards = (root) => new Map([...root.querySelectorAll("[data-image]")].map((card) => [card.dataset.image, card]));
const held = (card) => card.contains(document.activeElement) || Boolean(card.querySelector("input:checked"));

function count() {
  const bar = library().querySelector("[data-selection]");
  if (!bar) return;
  const chosen = boxes().filter((box) => box.checked).length;
  const all = bar.querySelector("[data-all]");
  bar.querySelector("[data-count]").textContent = chosen;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

/** Takes over the cards of a newer grid, leaving alone what the editor has selected or focused; returns how many are new. */
function merge(grid, fresh) {
  const before = cards(grid);
  let added = 0;
  let place = null;
  for (const [id, card] of cards(fresh)) {
    const old = before.get(id);
    before.delete(id);
    if (!old) {
      added += 1;
      card.classList.add("is-new");
      grid.insertBefore(card, place ? place.nextElementSibling : grid.firstElementChild);
    } else if (old.dataset.revision !== card.dataset.revision && !held(old)) {
      old.replaceWith(card);
    }
    place = old?.isConnected ? old : card;
  }
  for (const gone of before.values()) if (!held(gone)) gone.remove();
  return added;
}

/** Fetches this very page, so that filters, search and rights hold for what is added too. */
async function refresh() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [grid, fresh] = [document, page].map((root) => root.getElementById("grid"));
  if (!fresh) return;
  let added = fresh.children.length;
  if (grid) added = merge(grid, fresh);
  else document.getElementById("content").replaceWith(document.adoptNode(page.getElementById("content")));
  const news = document.getElementById("news");
  if (added) news.textContent = news.dataset.text.replace("{n}", added);
  count();
}

let seen = library().dataset.newest;

poll(async () => {
  const pulse = await load(library().dataset.pulse);
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

document.addEventListener("change", ({ target }) => {
  if (target.form !== library()) return;
  if (target.matches("[data-all]")) for (const box of boxes()) box.checked = target.checked;
  count();
});
count();
