// Duplicates by keys, and two pictures over each other, so that the eye catches what moved.

import { listenForShortcuts } from "../shortcuts.js";

const keyboard = JSON.parse(document.getElementById("keyboard").textContent);

listenForShortcuts(keyboard, (name, number) => {
  if (name === "number") {
    // The key leads to the button and does not press it: whoever merges has seen what into.
    document.querySelector(`form[data-number="${number}"] button`)?.focus();
  } else {
    document.querySelector(`a[data-way="${name}"]`)?.click();
  }
}, { leave: () => document.activeElement?.blur(), pan: () => false });

const overlay = document.getElementById("overlay");
const findColumn = (number) => document.querySelector(`[data-column="${number}"]`);
const findPicture = (number) => findColumn(number)?.querySelector(".picture-front");

if (overlay && findPicture(1) && findPicture(2)) {
  const [which, fade, swap, stage] = ["which", "fade", "swap", "stage"].map((name) => document.getElementById(`overlay-${name}`));

  const copyPicture = (number) => {
    const image = findPicture(number).cloneNode();
    image.src = findColumn(number).dataset.large ?? image.src;
    image.classList.replace("picture-front", "overlay-picture");
    return image;
  };
  const showOverlay = () => {
    const over = copyPicture(which.value);
    over.style.opacity = fade.value / 100;
    stage.replaceChildren(copyPicture(1), over);
  };
  const setOpacity = () => {
    stage.lastElementChild.style.opacity = fade.value / 100;
  };

  which.addEventListener("change", showOverlay);
  fade.addEventListener("input", setOpacity);
  swap.addEventListener("click", () => {
    fade.value = fade.value < 50 ? 100 : 0;
    setOpacity();
  });
  showOverlay();
  overlay.hidden = false;
}
