// The library's grid: how it is shown, what is selected, more of it while one scrolls, and what changes meanwhile.

import { startLasso } from "./lasso.js";
import { loadJson, poll } from "../polling.js";
import { fetchPage } from "../session.js";

const library = () => document.getElementById("library");
const grid = () => document.getElementById("grid");
// The boxes stand in the cards, outside the form they belong to.
const boxes = () => [...library().elements].filter((box) => box.name === "image");
const cards = (root) => new Map([...root.querySelectorAll("[data-image]")].map((card) => [card.dataset.image, card]));
const isInUse = (card) => card.contains(document.activeElement) || Boolean(card.querySelector("input:checked"));
const boxOf = (card) => card?.querySelector("input[name=image]");

/* How it is shown */

const VIEWS = { rows: "", dense: "dense", list: "as-list" };

function showView(view) {
  for (const [name, style] of Object.entries(VIEWS)) {
    if (style) document.body.classList.toggle(style, name === view);
    const button = document.querySelector(`[data-view="${name}"]`);
    button.hidden = false;
    button.setAttribute("aria-pressed", String(name === view));
  }
}

for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => {
    localStorage.setItem("library-view", button.dataset.view);
    showView(button.dataset.view);
  });
}
showView(localStorage.getItem("library-view") in VIEWS ? localStorage.getItem("library-view") : "rows");

/* What is selected */

let anchor = null;

/** The box that chooses all results, those that are not on this page included; null where there is none. */
const findAllResultsBox = () => library().querySelector("[data-everything]");

/** After a person has chosen: all results are chosen no more when one of those here is not. */
function updateSelection() {
  if (findAllResultsBox() && boxes().some((box) => !box.checked)) findAllResultsBox().checked = false;
  updateCount();
}

function updateCount() {
  const bar = library().querySelector("[data-selection]");
  if (!bar) return;
  const chosen = boxes().filter((box) => box.checked).length;
  const all = bar.querySelector("[data-all]");
  bar.querySelector("[data-count]").textContent = chosen;
  all.checked = chosen > 0 && chosen === boxes().length;
  all.indeterminate = chosen > 0 && !all.checked;
}

function setChecked(box, checked) {
  if (box) box.checked = checked;
}

/** From the card that was chosen last to this one. */
function selectRange(card) {
  const all = [...grid().children];
  const [from, to] = [all.indexOf(anchor ?? card), all.indexOf(card)].sort((a, b) => a - b);
  for (const one of all.slice(Math.max(0, from), to + 1)) setChecked(boxOf(one), true);
  updateSelection();
}

document.addEventListener("click", (event) => {
  const card = event.target.closest?.(".card");
  if (!card || !boxOf(card)) return;
  const chooses = event.target.closest(".card-check");
  if (event.shiftKey && anchor) {
    event.preventDefault();
    selectRange(card);
  } else if ((event.metaKey || event.ctrlKey) && !chooses) {
    event.preventDefault();
    setChecked(boxOf(card), !boxOf(card).checked);
    updateSelection();
  }
  if (chooses || event.shiftKey || event.metaKey || event.ctrlKey) anchor = card;
});

document.addEventListener("change", ({ target }) => {
  if (target.form !== library()) return;
  if (target.matches("[data-all]")) for (const box of boxes()) box.checked = target.checked;
  if (target.matches("[data-everything]") && target.checked) for (const box of boxes()) box.checked = true;
  updateSelection();
});

startLasso({
  within: grid,
  // What is selected is dragged onto a collection, where there are any.
  carries: (target) => Boolean(document.getElementById("dropped") && boxOf(target.closest?.(".card"))?.checked),
  items: () => [...grid().children],
  begin: () => new Set(boxes().filter((box) => box.checked)),
  move: (touched, before) => {
    for (const card of grid().children) {
      const box = boxOf(card);
      if (box) box.checked = touched.has(card) || before.has(box);
    }
    updateSelection();
  },
});

/* By keyboard: arrows go from picture to picture, Shift takes those along, Space chooses. */

const STEPS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

/** The card above or below, by where the cards stand now. */
function findCardInNextRow(all, card, down) {
  const here = card.getBoundingClientRect();
  const middle = (here.left + here.right) / 2;
  const rows = all.filter((one) => {
    const { top } = one.getBoundingClientRect();
    return down ? top > here.top + 4 : top < here.top - 4;
  });
  const tops = rows.map((one) => one.getBoundingClientRect().top);
  const next = down ? Math.min(...tops) : Math.max(...tops);
  const distance = (one) => {
    const box = one.getBoundingClientRect();
    return Math.abs((box.left + box.right) / 2 - middle);
  };
  return rows.filter((_, place) => Math.abs(tops[place] - next) < 4).sort((a, b) => distance(a) - distance(b))[0];
}

function findTargetCard(card, key) {
  const all = [...grid().children];
  if (key === "ArrowDown" || key === "ArrowUp") return findCardInNextRow(all, card, key === "ArrowDown");
  const ahead = getComputedStyle(document.body).direction === "rtl" && key.startsWith("Arrow") ? -1 : 1;
  const place = all.indexOf(card) + STEPS[key] * ahead;
  return all[Math.min(Math.max(place, 0), all.length - 1)];
}

/** The button that belongs to a field of the forms for many images: the next one behind it. */
function findButtonOf(field) {
  let next = field?.matches?.(".more-form input") ? field.nextElementSibling : null;
  while (next && next.type !== "submit") next = next.nextElementSibling;
  return next;
}

document.addEventListener("keydown", (event) => {
  const card = document.activeElement?.closest?.(".card");
  const button = event.key === "Enter" && !event.isComposing ? findButtonOf(document.activeElement) : null;
  if (button) {
    event.preventDefault();
    button.click();
    return;
  }
  if (event.key === "Escape" && boxes().some((box) => box.checked) && !document.querySelector("details.menu[open]")) {
    for (const box of boxes()) box.checked = false;
    updateSelection();
  } else if (!card || event.altKey) {
    return;
  } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
    event.preventDefault();
    for (const box of boxes()) box.checked = true;
    updateCount();
  } else if (event.key === " " && document.activeElement.matches(".card-link") && boxOf(card)) {
    event.preventDefault();
    anchor = card;
    setChecked(boxOf(card), !boxOf(card).checked);
    updateSelection();
  } else if (event.key in STEPS || event.key === "ArrowUp" || event.key === "ArrowDown") {
    const next = findTargetCard(card, event.key);
    if (!next) return;
    event.preventDefault();
    if (event.shiftKey) {
      anchor ??= card;
      selectRange(next);
    }
    next.querySelector(".card-link").focus();
  }
});

/* More of it: the next page is fetched before the last row comes into sight. */

const endObserver = new IntersectionObserver(([entry]) => entry.isIntersecting && loadMore(), { rootMargin: "1200px" });
let fetching = false;

async function loadMore() {
  const link = document.getElementById("more");
  if (!link || fetching) return;
  fetching = true;
  try {
    const page = await fetchPage(link.href);
    const known = cards(grid());
    for (const [id, card] of cards(page)) {
      if (known.has(id)) continue;
      grid().append(document.adoptNode(card));
      // What is further down belongs to all results, unless it came after these were counted: that the server knows.
      if (findAllResultsBox()?.checked) setChecked(boxOf(card), true);
    }
    const next = page.getElementById("more");
    if (next) link.href = next.getAttribute("href");
    else link.parentElement.remove();
    updateCount();
  } catch (error) {
    // The link stays, and leads to the rest by itself.
    console.warn(error);
    endObserver.disconnect();
  }
  fetching = false;
  observeEnd();
}

function observeEnd() {
  endObserver.disconnect();
  const link = document.getElementById("more");
  if (link) endObserver.observe(link);
}

/* What changes meanwhile */

/** Takes over the cards of a newer grid, leaving alone what the editor has selected or focused; returns how many are new. */
function mergeCards(fresh) {
  const before = cards(grid());
  let added = 0;
  let place = null;
  for (const [id, card] of cards(fresh)) {
    const old = before.get(id);
    if (!old) {
      added += 1;
      card.classList.add("is-new");
      grid().insertBefore(card, place ? place.nextElementSibling : grid().firstElementChild);
    } else if (old.dataset.revision !== card.dataset.revision && !isInUse(old)) {
      old.replaceWith(card);
    }
    place = old?.isConnected ? old : card;
  }
  return added;
}

/** Fetches this very page, so that filters, search and rights hold for what is added too. */
async function refreshGrid() {
  const page = await fetchPage(location.href);
  const fresh = page.getElementById("grid");
  if (!fresh) return;
  let added = fresh.children.length;
  if (grid()) added = mergeCards(fresh);
  else {
    document.getElementById("content").replaceWith(document.adoptNode(page.getElementById("content")));
    showView(localStorage.getItem("library-view") in VIEWS ? localStorage.getItem("library-view") : "rows");
    observeEnd();
  }
  const places = page.getElementById("places");
  if (places) document.getElementById("places")?.querySelector("nav").replaceWith(document.adoptNode(places.querySelector("nav")));
  const results = page.querySelector("[data-results]");
  // Who has chosen all results means those that were counted then.
  if (results && !findAllResultsBox()?.checked) document.querySelector("[data-results]")?.replaceWith(document.adoptNode(results));
  const resultCount = page.getElementById("found");
  if (resultCount) {
    document.getElementById("found").replaceWith(document.adoptNode(resultCount));
    showCount();
  }
  const news = document.getElementById("news");
  if (added) news.textContent = news.dataset.text.replace("{n}", added);
  updateCount();
}

/** The page counts no further than an action reaches; how many there are beyond is asked once it is shown. */
async function showCount() {
  const element = document.getElementById("found");
  if (!element.dataset.count) return;
  const answer = await loadJson(element.dataset.count).catch(() => null);
  if (answer) element.textContent = answer.text;
}

let newestSeen = library().dataset.newest;

poll(async () => {
  const pulse = await loadJson(library().dataset.pulse);
  const badge = document.querySelector("[data-failed]");
  if (badge) {
    badge.textContent = pulse.failed;
    badge.hidden = !pulse.failed;
  }
  if (pulse.newest === newestSeen) return false;
  newestSeen = pulse.newest;
  await refreshGrid();
  return true;
});

observeEnd();
updateCount();
showCount();
