// Keeps the part of the page marked `data-live` as the server has it now, until it is marked `data-ended`.

import { poll } from "./poller.js";

const part = document.querySelector("[data-live]");
const said = document.getElementById("said");

async function refresh() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${location.href}: ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.getElementById(part.id);
  if (!now) return null;
  const news = now.innerHTML !== part.innerHTML;
  const ended = now.hasAttribute("data-ended");
  if (news && !part.contains(document.activeElement)) {
    part.replaceChildren(...now.childNodes);
    // A screen reader hears of changes only in an element that stays.
    said.textContent = part.querySelector("[data-says]").textContent.trim();
  }
  return ended ? null : news;
}

if (part && !part.hasAttribute("data-ended")) poll(refresh);
