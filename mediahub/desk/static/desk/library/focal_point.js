// The focal point: moved by pointer and keys, with what each crop will show beside it.

import { computeWindow } from "./crop_window.js";

const byId = (id) => document.getElementById(id);
const stage = byId("crop-stage");
const mark = byId("crop-mark");
const frames = byId("crop-frames");
const announcement = byId("crop-said");
const fields = { x: byId("id_x"), y: byId("id_y") };
const config = JSON.parse(byId("crop-config").textContent);
const { size, proposed, texts } = config;
const STEP = 0.01;
const STRIDE = 0.1;
const ANNOUNCE_DELAY = 400;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let point = { ...config.point };
let announceTimer;

const clamp = (part) => Math.round(Math.min(Math.max(part, 0), 1) * 1000) / 1000;
const toPercent = (part) => Math.round(part * 1000) / 10;

function movePoint({ x, y }, tell = true) {
  point = { x: clamp(x), y: clamp(y) };
  fields.x.value = toPercent(point.x);
  fields.y.value = toPercent(point.y);
  paint();
  clearTimeout(announceTimer);
  // A screen reader is told where the mark came to rest, not each step on the way.
  if (tell) announceTimer = setTimeout(() => (announcement.textContent = describePoint()), ANNOUNCE_DELAY);
}

function describePoint() {
  const number = (part) => toPercent(part).toLocaleString(document.documentElement.lang);
  return texts.place.replace("{x}", number(point.x)).replace("{y}", number(point.y));
}

function paint() {
  mark.style.left = `${point.x * 100}%`;
  mark.style.top = `${point.y * 100}%`;
  mark.setAttribute("aria-label", describePoint());
  for (const [name, shape] of Object.entries(config.fills)) {
    const cut = computeWindow(size, shape, point);
    byId(`crop-preview-${name}`).setAttribute("viewBox", `${cut.left} ${cut.top} ${cut.width} ${cut.height}`);
    const edges = { x: cut.left, y: cut.top, width: cut.width, height: cut.height };
    for (const rect of frames.querySelectorAll(`[data-fill="${name}"] rect`)) {
      for (const [edge, value] of Object.entries(edges)) rect.setAttribute(edge, value);
    }
  }
}

function pointAt({ clientX, clientY }) {
  const box = stage.getBoundingClientRect();
  return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
}

stage.addEventListener("click", (event) => {
  // A key that presses the mark clicks it, too, and it stands where it should.
  if (event.detail === 0 || mark.contains(event.target)) return;
  movePoint(pointAt(event));
  mark.focus({ preventScroll: true });
});

mark.addEventListener("pointerdown", (event) => mark.setPointerCapture(event.pointerId));
mark.addEventListener("pointermove", (event) => {
  if (mark.hasPointerCapture(event.pointerId)) movePoint(pointAt(event));
});

mark.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const way = MOVES[event.key];
  if (!way && event.key !== "Home") return;
  event.preventDefault();
  const step = event.shiftKey ? STRIDE : STEP;
  movePoint(way ? { x: point.x + way[0] * step, y: point.y + way[1] * step } : proposed);
});

for (const name of ["x", "y"]) {
  fields[name].addEventListener("input", () => {
    const part = fields[name].valueAsNumber / 100;
    if (!(part >= 0 && part <= 1)) return;
    point = { ...point, [name]: clamp(part) };
    paint();
  });
}

// Where the server drew the point for a page without scripts, the mark stands now.
for (const drawn of frames.querySelectorAll(".crop-point")) drawn.remove();
mark.hidden = false;
byId("crop-by-pointer").hidden = false;
paint();
