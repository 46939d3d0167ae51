// Duplicates by keys, and two pictures over each other, so that the eye catches what moved.

import { listen } from "./review/keys.js";

const keyboard = JSON.parse(document.getElementById("keyboard").textContent);

listen(keyboard, (name, number) => {
  if (name === "number") {
    // The key leads to the button and does not press it: whoever merges has seen what into.
    document.querySelector(`form[data-number="${number}"] button`)?.focus();
  } else {
    document.querySelector(`a[data-way="${name}"]`)?.click();
  }
}, { leave: () => document.activeElement?.blur(), pan: () => false });

const overlay = document.getElementById("overlay");
const column = (number) => document.querySelector(`[data-column="${number}"]`);
const picture = (number) => column(number)?.querySelector(".picture-front");

if (overlay && picture(1) && picture(2)) {
  const [which, fade, swap, stage] = ["which", "fade", "swap", "stage"].map((name) => document.getElementById(`overlay-${name}`));

  const copy = (number) => {
    const made = picture(number).cloneNode();
    made.src = column(number).dataset.large ?? made.src;
    made.className = "overlay-picture";
    return made;
  };
  const show = () => {
    const over = copy(which.value);
    over.style.opacity = fade.value / 100;
    stage.replaceChildren(copy(1), over);
  };
  const paint = () => {
    stage.lastElementChild.style.opacity = fade.value / 100;
  };

  which.addEventListener("change", show);
  fade.addEventListener("input", paint);
  swap.addEventListener("click", () => {
    fade.value = fade.value < 50 ? 100 : 0;
    paint();
  });
  show();
  overlay.hidden = false;
}
