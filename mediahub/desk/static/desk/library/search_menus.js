// What the menus of filters and saved searches hold is fetched as soon as somebody turns to one of them. Without
// scripts, or when it cannot be fetched, a link there leads to the same on a page of its own.

import { fetchPage } from "../session.js";

const findMenus = () => document.querySelectorAll("[data-menu]");
let isAsked = false;

async function fillMenus() {
  if (isAsked) return;
  isAsked = true;
  try {
    const page = await fetchPage(document.querySelector("[data-menu] a").href);
    for (const menu of findMenus()) menu.replaceWith(document.adoptNode(page.getElementById(menu.dataset.menu)));
  } catch {
    isAsked = false;
  }
}

// The pointer and the focus come before the menu opens.
for (const name of ["pointerover", "focusin", "toggle"]) {
  document.addEventListener(
    name,
    (event) => {
      if (event.target.closest?.("details")?.querySelector("[data-menu]")) fillMenus();
    },
    // A toggle does not bubble.
    true,
  );
}
