// Drawing a frame around items with the mouse; what it touches is told while it is drawn.

const MIN_DISTANCE = 6;

const overlaps = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

/** `within()` is the element it begins in or beside, `items()` what can be touched, `begin()` what `move` is given along.
 *  It leaves alone what `carries(target)` says is dragged elsewhere. */
export function startLasso({ within, items, begin, move, carries = () => false }) {
  let frame = null;
  let start = null;
  let selectionBefore = null;

  function computeArea(event) {
    const [x, y] = [event.pageX, event.pageY];
    return {
      left: Math.min(start.x, x),
      top: Math.min(start.y, y),
      right: Math.max(start.x, x),
      bottom: Math.max(start.y, y),
    };
  }

  function drawFrame({ left, top, right, bottom }) {
    Object.assign(frame.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${right - left}px`,
      height: `${bottom - top}px`,
    });
  }

  function findTouchedItems(box) {
    return new Set(
      items().filter((item) => {
        const { left, top, right, bottom } = item.getBoundingClientRect();
        const [x, y] = [scrollX, scrollY];
        return overlaps(box, { left: left + x, top: top + y, right: right + x, bottom: bottom + y });
      }),
    );
  }

  document.addEventListener("pointerdown", (event) => {
    const starts = within()?.parentElement.contains(event.target) && !event.target.closest("button, label, input, summary, form");
    if (event.button !== 0 || event.pointerType !== "mouse" || !starts || carries(event.target)) return;
    start = { x: event.pageX, y: event.pageY };
    selectionBefore = begin();
  });

  document.addEventListener("pointermove", (event) => {
    if (!start) return;
    const box = computeArea(event);
    if (!frame && box.right - box.left + box.bottom - box.top < MIN_DISTANCE) return;
    if (!frame) {
      frame = document.createElement("div");
      frame.className = "lasso";
      document.body.append(frame);
      document.body.classList.add("is-lassoing");
    }
    drawFrame(box);
    move(findTouchedItems(box), selectionBefore);
  });

  function endLasso() {
    if (frame) {
      // The click that ends the drawing opens nothing.
      document.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
      setTimeout(() => document.body.classList.remove("is-lassoing"));
      frame.remove();
    }
    [frame, start, selectionBefore] = [null, null, null];
  }

  document.addEventListener("pointerup", endLasso);
  document.addEventListener("pointercancel", endLasso);
  // A picture that is dragged would take the pointer away.
  document.addEventListener("dragstart", (event) => {
    if (within()?.contains(event.target) && !carries(event.target)) event.preventDefault();
  });
}
