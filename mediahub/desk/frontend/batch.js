// The words for all pictures that are sent together, and the ways to them.

import { getStanding, insist, onStanding } from "../static/desk/signed_in.js";
import { drafts } from "./drafts.js";
import { count, fill } from "./numbers.js";

const EMPTY = { title: "", numbered: true, credit: "", tags: "", collection: "" };

/** `config` is the page's; the answer knows the batch's id, and counts the images that came of it. */
export function batch(config) {
  const form = document.getElementById("batch");
  const ways = document.getElementById("batch-ways");
  const images = new Set();
  const seen = new Map();
  const kept = drafts(config.user);
  let id = config.batch;

  const place = (address) => address.replace(config.none, id);
  const words = form ? wordsOf(form, config, kept, () => id, () => place(config.batchWords)) : null;

  function see(upload) {
    seen.set(upload.id, upload);
    if (upload.batch !== id || !upload.image) return;
    images.add(upload.image);
    ways.hidden = false;
    for (const way of ways.querySelectorAll("a")) {
      way.href = place(config[way.dataset.way]);
      way.textContent = fill(way.dataset.text, { n: count(images.size) });
    }
  }

  /** Go on with a batch that a reload interrupted; some of its files may have their tickets. */
  function adopt(other, hasBegun = false) {
    if (!other || other === id) return;
    const before = id;
    id = other;
    images.clear();
    kept.take(id);
    words?.move(before, hasBegun);
    ways.hidden = true;
    seen.forEach(see);
  }

  if (words) {
    kept.left().then((left) => (left && !words.isTouched ? adopt(left) : kept.take(id)));
  }

  return {
    get id() {
      return id;
    },
    /** Whether words wait to be saved for pictures that are there or on their way. */
    get isUnsaved() {
      return Boolean(words?.isUnsafe);
    },
    see,
    adopt,
    /** The first file of the batch has its ticket. */
    begin: () => words?.begin(),
  };
}

function wordsOf(form, { words }, kept, id, address) {
  const said = document.getElementById("batch-said");
  const undo = document.getElementById("batch-undo");
  const discard = document.getElementById("batch-discard");
  const save = form.querySelector("[type=submit]");
  const places = form.elements.collection;
  let touched = false;
  let hasBegun = false;
  let isKept = true;
  // The words in the form are a draft of an earlier page, and belong to its batch.
  let isRestored = false;
  let isSaving = false;
  let saved = typed();

  function typed() {
    return {
      title: form.elements.title.value,
      numbered: form.elements.numbered.checked,
      credit: form.elements.credit.value,
      license: form.elements.license.value,
      tags: form.elements.tags.value,
      collection: places?.value ?? "",
    };
  }

  function show({ title, numbered, credit, license, tags, collection }) {
    if (places) places.value = collection ?? "";
    form.elements.title.value = title;
    form.elements.numbered.checked = numbered;
    form.elements.credit.value = credit;
    // A draft of an earlier version of the page has none.
    form.elements.license.value = license ?? "";
    form.elements.tags.value = Array.isArray(tags) ? tags.join(", ") : tags;
  }

  function say(text, isBad = false) {
    said.textContent = text;
    said.className = isBad ? "errornote" : "quiet";
  }

  /** Words that are saved before any file was sent are kept too: the pictures may come after a reload. */
  function keep() {
    if (touched || !hasBegun) isKept = kept.keep(id(), { words: typed(), isUnsaved: touched, hasBegun });
    else kept.drop(id());
    discard.hidden = !touched;
  }

  async function ask(body) {
    // What is on its way when the page is left still arrives.
    const options = body && { method: "POST", keepalive: true, body: JSON.stringify(body) };
    const headers = { "Content-Type": "application/json" };
    const answer = await insist(address(), options && { ...options, headers });
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.reason ?? words.broken);
    return told;
  }

  async function write() {
    const sent = typed();
    let told = await ask({ ...sent, tags: sent.tags.split(","), collection: Number(sent.collection) || null });
    let changed = told.changed;
    const refused = [...told.refused];
    while (told.next) {
      told = await ask({ start: told.next });
      changed += told.changed;
      refused.push(...told.refused);
    }
    undo.hidden = !changed;
    // What was typed meanwhile is not saved yet, and stays.
    touched = JSON.stringify(typed()) !== JSON.stringify(sent);
    if (!touched) show(told);
    saved = touched ? sent : typed();
    keep();
    if (touched) return words.batch.unsaved;
    return [fill(words.batch.saved, { n: count(changed) }), ...refused].join(" ");
  }

  async function takeBack() {
    const { said: text } = await ask({ undo: true });
    undo.hidden = true;
    return text;
  }

  async function run(work) {
    save.disabled = undo.disabled = isSaving = true;
    say(words.batch[getStanding()] ?? words.batch.saving);
    try {
      say(await work());
    } catch (error) {
      say(fill(words.batch.notSaved, { reason: error.message }), true);
    }
    save.disabled = undo.disabled = isSaving = false;
  }

  // While the connection or the session is away, saving waits, and goes on by itself.
  onStanding((standing) => {
    if (isSaving) say(words.batch[standing] ?? words.batch.saving, standing !== "in");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isSaving) run(write);
  });
  undo.addEventListener("click", () => run(takeBack));
  discard.addEventListener("click", () => {
    touched = false;
    show(saved);
    keep();
    say(words.batch.discarded);
  });
  form.addEventListener("input", () => {
    touched = true;
    isRestored = false;
    keep();
    if (!isSaving) say(isKept ? words.batch.unsaved : words.batch.notKept, !isKept);
  });

  return {
    get isTouched() {
      return touched;
    },
    get isUnsafe() {
      return touched && (hasBegun || isSaving || !isKept);
    },
    begin() {
      if (hasBegun) return;
      hasBegun = true;
      keep();
    },
    /** The form belongs to another batch than before: what was typed on this page goes along. */
    async move(before, isUnderWay) {
      const draft = kept.read(id());
      hasBegun = isUnderWay || Boolean(draft?.hasBegun);
      if (touched && !isRestored) {
        kept.drop(before);
        keep();
      } else {
        show(draft?.words ?? EMPTY);
        touched = isRestored = Boolean(draft?.isUnsaved);
        discard.hidden = !touched;
        say(touched ? words.batch.restored : "");
      }
      const told = await ask().catch(() => null);
      if (!told) return;
      saved = { ...told, tags: told.tags.join(", "), collection: String(told.collection ?? "") };
      // What was on its way when the page was left may have been saved after all.
      if (touched && Object.entries(typed()).some(([name, value]) => value !== saved[name])) return;
      touched = false;
      show(told);
      keep();
      say("");
    },
  };
}
