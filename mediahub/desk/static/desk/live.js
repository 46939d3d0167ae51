// Keeps the parts of the page marked `data-live` as the server has them now, until they are marked `data-ended`.

import { poll } from "./poller.js";
import { send } from "./signed_in.js";

const parts = [...document.querySelectorAll("[data-live]")];
const said = document.getElementById("said");

/** Brings one part to what a newer page has; true when that is news. What is focused in it stays where it is. */
function renew(part, now) {
  const news = now.innerHTML !== part.innerHTML;
  if (!news || part.contains(document.activeElement)) return news;
  part.replaceChildren(...now.childNodes);
  const says = part.querySelector("[data-says]");
  // A screen reader hears of changes only in an element that stays.
  if (says && said.textContent !== says.textContent.trim()) said.textContent = says.textContent.trim();
  return true;
}

async function refresh() {
  const answer = await send(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`${location.href}: ${answer.status}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = parts.map((part) => [part, page.getElementById(part.id)]).filter(([, now]) => now);
  if (!found.length) return null;
  const ended = found.every(([, now]) => now.hasAttribute("data-ended"));
  const news = found.map(([part, now]) => renew(part, now)).some(Boolean);
  return ended ? null : news;
}

if (parts.some((part) => !part.hasAttribute("data-ended"))) poll(refresh);
