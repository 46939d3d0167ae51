// The picture, the boxes over it, and the zoom.

const SVG = "http://www.w3.org/2000/svg";
const STEP = 80;

const stage = document.getElementById("stage");
const frame = document.getElementById("frame");
const boxes = document.getElementById("boxes");
const button = document.getElementById("zoom");
let behind = document.getElementById("behind");

export const focusStage = () => stage.focus({ preventScroll: true });
export const isZoomed = () => stage.classList.contains("is-zoomed");

/** Shows the image with its picture; where the picture has not come yet, its placeholder stands. */
export function show(image, picture) {
  unzoom();
  document.getElementById("front")?.remove();
  if (!behind) {
    behind = Object.assign(document.createElement("img"), { id: "behind", className: "behind", alt: "" });
    frame.prepend(behind);
  }
  behind.hidden = !image.picture.placeholder || Boolean(picture?.complete && picture.naturalWidth);
  if (image.picture.placeholder && !behind.hidden) behind.src = image.picture.placeholder;
  if (picture) behind.after(picture);
  frame.dataset.image = image.id;
  boxes.setAttribute("viewBox", `0 0 ${image.picture.width} ${image.picture.height}`);
  describe(image);
}

/** What may change while the image stays: its alt text, and which boxes are drawn. */
export function describe(image) {
  const picture = document.getElementById("front");
  if (picture) picture.alt = image.words.alt_text || image.title;
  const drawn = image.tags.filter((tag) => tag.state !== "rejected");
  boxes.replaceChildren(...drawn.flatMap((tag) => tag.boxes.map((box) => outline(tag.name, box))));
}

function outline(name, box) {
  const group = document.createElementNS(SVG, "g");
  group.dataset.tag = name;
  for (const kind of ["box-edge", "box-line"]) {
    const side = document.createElementNS(SVG, "rect");
    side.setAttribute("class", kind);
    ["x", "y", "width", "height"].forEach((part, at) => side.setAttribute(part, `${100 * box[at]}%`));
    group.append(side);
  }
  return group;
}

/** Brings out the boxes of one tag; null for none. */
export function highlight(name) {
  boxes.classList.toggle("has-one", name !== null);
  for (const group of boxes.children) group.classList.toggle("is-one", group.dataset.tag === name);
}

export function toggleZoom() {
  if (isZoomed()) unzoom();
  else zoom();
}

function zoom() {
  const picture = document.getElementById("front");
  if (!picture?.naturalWidth) return;
  const { clientWidth, clientHeight } = stage;
  const fits = Math.min(clientWidth / picture.naturalWidth, clientHeight / picture.naturalHeight);
  // One pixel of the picture for one of the page; at least twice as large as before, or the key seemed dead.
  const scale = Math.max(1, 2 * fits);
  stage.classList.add("is-zoomed");
  frame.style.width = `${picture.naturalWidth * scale}px`;
  frame.style.height = `${picture.naturalHeight * scale}px`;
  stage.scrollTo((stage.scrollWidth - clientWidth) / 2, (stage.scrollHeight - clientHeight) / 2);
  button.setAttribute("aria-pressed", "true");
  focusStage();
}

export function unzoom() {
  stage.classList.remove("is-zoomed");
  frame.style.width = frame.style.height = "";
  button.setAttribute("aria-pressed", "false");
}

/** Moves the zoomed picture by an arrow key; false when the key is none. */
export function pan(key) {
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  if (!isZoomed() || !ways[key]) return false;
  stage.scrollBy({ left: ways[key][0] * STEP, top: ways[key][1] * STEP });
  return true;
}

stage.addEventListener("pointerdown", (event) => {
  if (!isZoomed() || event.button !== 0 || event.pointerType === "touch") return;
  event.preventDefault();
  focusStage();
  stage.setPointerCapture(event.pointerId);
  stage.classList.add("is-dragged");
});
stage.addEventListener("pointermove", (event) => {
  if (stage.classList.contains("is-dragged")) stage.scrollBy(-event.movementX, -event.movementY);
});
for (const end of ["pointerup", "pointercancel"]) {
  stage.addEventListener(end, () => stage.classList.remove("is-dragged"));
}
