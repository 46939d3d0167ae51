// The words for all pictures that are sent together, and the ways to them.

import { count, fill } from "./numbers.js";

/** `config` is the page's; the answer knows the batch's id, and counts the images that came of it. */
export function batch(config, csrf) {
  const form = document.getElementById("batch");
  const ways = document.getElementById("batch-ways");
  const images = new Set();
  let id = config.batch;

  const place = (address) => address.replace(config.none, id);

  function see(upload) {
    if (upload.batch !== id || !upload.image) return;
    images.add(upload.image);
    ways.hidden = false;
    for (const way of ways.querySelectorAll("a")) {
      way.href = place(config[way.dataset.way]);
      way.textContent = fill(way.dataset.text, { n: count(images.size) });
    }
  }

  const words = form ? wordsOf(form, config, csrf, () => place(config.batchWords)) : null;

  return {
    get id() {
      return id;
    },
    see,
    /** Go on with the batch that a reload interrupted. */
    adopt(other) {
      if (!other || other === id) return;
      id = other;
      images.clear();
      words?.load();
    },
  };
}

function wordsOf(form, { words }, csrf, address) {
  const said = document.getElementById("batch-said");
  const undo = document.getElementById("batch-undo");
  const save = form.querySelector("[type=submit]");
  let touched = false;

  const places = form.elements.collection;

  function show({ title, numbered, credit, tags, collection }) {
    if (places) places.value = collection ?? "";
    form.elements.title.value = title;
    form.elements.numbered.checked = numbered;
    form.elements.credit.value = credit;
    form.elements.tags.value = tags.join(", ");
  }

  async function ask(body) {
    const options = body && {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(body),
    };
    const answer = await fetch(address(), { credentials: "same-origin", ...options });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.reason ?? words.signedOut);
    return told;
  }

  async function keep() {
    touched = false;
    let told = await ask({
      title: form.elements.title.value,
      numbered: form.elements.numbered.checked,
      credit: form.elements.credit.value,
      tags: form.elements.tags.value.split(","),
      collection: Number(places?.value) || null,
    });
    let changed = told.changed;
    const refused = [...told.refused];
    while (told.next) {
      told = await ask({ start: told.next });
      changed += told.changed;
      refused.push(...told.refused);
    }
    undo.hidden = !changed;
    // What was typed meanwhile is not saved yet, and stays.
    if (touched) return words.batch.unsaved;
    show(told);
    return [fill(words.batch.saved, { n: count(changed) }), ...refused].join(" ");
  }

  async function takeBack() {
    const { said: text } = await ask({ undo: true });
    undo.hidden = true;
    return text;
  }

  async function run(work) {
    save.disabled = undo.disabled = true;
    said.textContent = words.batch.saving;
    said.className = "quiet";
    try {
      said.textContent = await work();
    } catch (error) {
      said.textContent = error instanceof TypeError ? words.offline : error.message;
      said.className = "errornote";
    }
    save.disabled = undo.disabled = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(keep);
  });
  undo.addEventListener("click", () => run(takeBack));
  form.addEventListener("input", () => {
    touched = true;
    said.textContent = words.batch.unsaved;
    said.className = "quiet";
  });

  return {
    async load() {
      const told = await ask().catch(() => null);
      if (told && !touched) show(told);
    },
  };
}
