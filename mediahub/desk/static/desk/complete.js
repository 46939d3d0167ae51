// Fields of tags offer the names of the vocabulary while one types.

const WAIT = 150;

for (const field of document.querySelectorAll("[data-complete]")) {
  let timer = null;
  let asked = "";
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = field.value.trim();
      if (!text || text === asked) return;
      asked = text;
      const answer = await fetch(`${field.dataset.complete}?q=${encodeURIComponent(text)}`, { credentials: "same-origin" });
      // What comes late is for a text that has gone on.
      if (!answer.ok || asked !== text) return;
      const { names } = await answer.json();
      field.list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    }, WAIT);
  });
}
