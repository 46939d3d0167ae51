// Keeps the parts of the page marked `data-live` as the server has them now, until they are marked `data-ended`.

import { poll } from "./polling.js";
import { send } from "./session.js";

const parts = [...document.querySelectorAll("[data-live]")];
const announcement = document.getElementById("said");

/** Brings one part to what a newer page has; true when that is news. What is focused in it stays where it is. */
function updatePart(part, now) {
  const news = now.innerHTML !== part.innerHTML;
  if (!news || part.contains(document.activeElement)) return news;
  part.replaceChildren(...now.childNodes);
  const says = part.querySelector("[data-says]");
  // A screen reader hears of changes only in an element that stays.
  if (says && announcement.textContent !== says.textContent.trim()) announcement.textContent = says.textContent.trim();
  return true;
}

async function refresh() {
  const answer = await send(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${location.href}: ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const updates = parts.map((part) => [part, page.getElementById(part.id)]).filter(([, now]) => now);
  if (!updates.length) return null;
  const ended = updates.every(([, now]) => now.hasAttribute("data-ended"));
  const news = updates.map(([part, now]) => updatePart(part, now)).some(Boolean);
  return ended ? null : news;
}

if (parts.some((part) => !part.hasAttribute("data-ended"))) poll(refresh);
