// Drawing a frame around items with the mouse; what it touches is told while it is drawn.

const SHORTEST = 6;

const overlaps = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;

/** `within()` is the element it begins in or beside, `items()` what can be touched, `begin()` what `move` is given along.
 *  It leaves alone what `carries(target)` says is dragged elsewhere. */
export function lasso({ within, items, begin, move, carries = () => false }) {
  let frame = null;
  let from = null;
  let before = null;

  function area(event) {
    const [x, y] = [event.pageX, event.pageY];
    return {
      left: Math.min(from.x, x),
      top: Math.min(from.y, y),
      right: Math.max(from.x, x),
      bottom: Math.max(from.y, y),
    };
  }

  function draw({ left, top, right, bottom }) {
    Object.assign(frame.style, {
      left: `${left}px`,
      top: `${top}px`,
      width: `${right - left}px`,
      height: `${bottom - top}px`,
    });
  }

  function touched(box) {
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
    from = { x: event.pageX, y: event.pageY };
    before = begin();
  });

  document.addEventListener("pointermove", (event) => {
    if (!from) return;
    const box = area(event);
    if (!frame && box.right - box.left + box.bottom - box.top < SHORTEST) return;
    if (!frame) {
      frame = document.createElement("div");
      frame.className = "lasso";
      document.body.append(frame);
      document.body.classList.add("is-lassoing");
    }
    draw(box);
    move(touched(box), before);
  });

  function end() {
    if (frame) {
      // The click that ends the drawing opens nothing.
      document.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
      setTimeout(() => document.body.classList.remove("is-lassoing"));
      frame.remove();
    }
    [frame, from, before] = [null, null, null];
  }

  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
  // A picture that is dragged would take the pointer away.
  document.addEventListener("dragstart", (event) => {
    if (within()?.contains(event.target) && !carries(event.target)) event.preventDefault();
  });
}
