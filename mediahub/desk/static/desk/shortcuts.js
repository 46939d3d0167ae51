// Keys of one character, as the editor has set them; they do nothing while somebody types.

const TEXT_FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable=false])";
// Held down, only these go on: nobody accepts a hundred images by a key that got stuck.
const REPEATABLE = new Set(["next", "previous"]);

/** `perform(name)` does what a key is set for, and `perform("number", n)` what the keys 1 to 9 do. */
export function listenForShortcuts({ keys, on }, perform, { leave, pan }) {
  const actionsByKey = new Map(Object.entries(keys).filter(([, key]) => key).map(([name, key]) => [key, name]));
  if (on) {
    const forward = getComputedStyle(document.documentElement).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    actionsByKey.set(forward, "next");
    actionsByKey.set(forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft", "previous");
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      leave();
      return;
    }
    if (event.target.closest?.(TEXT_FIELDS)) return;
    if (pan(event.key)) {
      event.preventDefault();
      return;
    }
    const key = event.key.toLowerCase();
    // Shift belongs to some signs, but with a letter it is another key.
    if (event.shiftKey && (key !== key.toUpperCase() || event.key.length > 1)) return;
    const name = actionsByKey.get(event.key) ?? actionsByKey.get(key);
    const number = on && /^[1-9]$/.test(key) ? Number(key) : null;
    if (!name && !number) return;
    event.preventDefault();
    if (event.repeat && !REPEATABLE.has(name)) return;
    if (name) perform(name);
    else perform("number", number);
  });
}
