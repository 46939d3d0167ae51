// Fields of tags offer the names of the vocabulary while one types; `data-complete-last` marks a field of several, with
// commas between them, where the last one is completed.

import { send } from "./session.js";

const DELAY = 150;

for (const field of document.querySelectorAll("[data-complete]")) {
  let timer = null;
  let asked = "";
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const before = "completeLast" in field.dataset ? field.value.slice(0, field.value.lastIndexOf(",") + 1) : "";
      const text = field.value.slice(before.length).trim();
      if (!text || text === asked) return;
      asked = text;
      const answer = await send(`${field.dataset.complete}?q=${encodeURIComponent(text)}`).catch(() => null);
      // What comes late is for a text that has gone on.
      if (!answer?.ok || asked !== text) return;
      const { names } = await answer.json();
      const values = names.map((name) => (before ? `${before} ${name}` : name));
      field.list.replaceChildren(...values.map((value) => Object.assign(document.createElement("option"), { value })));
    }, DELAY);
  });
}
