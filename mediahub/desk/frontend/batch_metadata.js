// The words for all pictures that are sent together, and the ways to them.

import { getConnection, sendUntilAnswered, onConnectionChange } from "../static/desk/session.js";
import { openBatchDrafts } from "./batch_drafts.js";
import { formatCount, formatText } from "./formatting.js";

const RIGHTS = ["credit", "copyright", "license", "license_url"];
const EMPTY = { title: "", numbered: true, credit: "", tags: "", collection: "" };

/** `config` is the page's; the answer knows the batch's id, and counts the images that came of it. */
export function createBatch(config) {
  const form = document.getElementById("batch");
  const batchLinks = document.getElementById("batch-ways");
  const images = new Set();
  const uploads = new Map();
  const batchDrafts = openBatchDrafts(config.user);
  let id = config.batch;

  const place = (address) => address.replace(config.none, id);
  const words = form ? createMetadataForm(form, config, batchDrafts, () => id, () => place(config.batchWords)) : null;

  function noteUpload(upload) {
    uploads.set(upload.id, upload);
    if (upload.batch !== id || !upload.image) return;
    images.add(upload.image);
    batchLinks.hidden = false;
    for (const way of batchLinks.querySelectorAll("a")) {
      way.href = place(config[way.dataset.way]);
      way.textContent = formatText(way.dataset.text, { n: formatCount(images.size) });
    }
  }

  /** Go on with a batch that a reload interrupted; some of its files may have their tickets. */
  function adopt(other, hasBegun = false) {
    if (!other || other === id) return;
    const before = id;
    id = other;
    images.clear();
    batchDrafts.claim(id);
    words?.move(before, hasBegun);
    batchLinks.hidden = true;
    uploads.forEach(noteUpload);
  }

  if (words) {
    batchDrafts.findAbandoned().then((left) => (left && !words.isTouched ? adopt(left) : batchDrafts.claim(id)));
  }

  return {
    get id() {
      return id;
    },
    /** Whether words wait to be saved for pictures that are there or on their way. */
    get isUnsaved() {
      return Boolean(words?.isUnsafe);
    },
    see: noteUpload,
    adopt,
    /** The first file of the batch has its ticket. */
    begin: () => words?.begin(),
  };
}

function createMetadataForm(form, { words }, batchDrafts, id, address) {
  const status = document.getElementById("batch-said");
  const undo = document.getElementById("batch-undo");
  const discard = document.getElementById("batch-discard");
  const save = form.querySelector("[type=submit]");
  const places = form.elements.collection;
  let isEdited = false;
  let hasBegun = false;
  let isKept = true;
  // The words in the form are a draft of an earlier page, and belong to its batch.
  let isRestored = false;
  let isSaving = false;
  let saved = readFields();

  function readFields() {
    return {
      title: form.elements.title.value,
      numbered: form.elements.numbered.checked,
      ...Object.fromEntries(RIGHTS.map((name) => [name, form.elements[name].value])),
      tags: form.elements.tags.value,
      collection: places?.value ?? "",
    };
  }

  function fillFields({ title, numbered, tags, collection, ...rights }) {
    if (places) places.value = collection ?? "";
    form.elements.title.value = title;
    form.elements.numbered.checked = numbered;
    // A draft of an earlier version of the page has not all of them.
    for (const name of RIGHTS) form.elements[name].value = rights[name] ?? "";
    form.elements.tags.value = Array.isArray(tags) ? tags.join(", ") : tags;
  }

  function showStatus(text, isBad = false) {
    status.textContent = text;
    status.className = isBad ? "errornote" : "quiet";
  }

  /** Words that are saved before any file was sent are kept too: the pictures may come after a reload. */
  function saveDraft() {
    if (isEdited || !hasBegun) isKept = batchDrafts.save(id(), { words: readFields(), isUnsaved: isEdited, hasBegun });
    else batchDrafts.drop(id());
    discard.hidden = !isEdited;
  }

  async function askServer(body) {
    // What is on its way when the page is left still arrives.
    const options = body && { method: "POST", keepalive: true, body: JSON.stringify(body) };
    const headers = { "Content-Type": "application/json" };
    const answer = await sendUntilAnswered(address(), options && { ...options, headers });
    const reply = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(reply.reason ?? words.broken);
    return reply;
  }

  async function saveMetadata() {
    const sent = readFields();
    let result = await askServer({ ...sent, tags: sent.tags.split(","), collection: Number(sent.collection) || null });
    let changed = result.changed;
    const refused = [...result.refused];
    while (result.next) {
      result = await askServer({ start: result.next });
      changed += result.changed;
      refused.push(...result.refused);
    }
    undo.hidden = !changed;
    // What was typed meanwhile is not saved yet, and stays.
    isEdited = JSON.stringify(readFields()) !== JSON.stringify(sent);
    if (!isEdited) fillFields(result);
    saved = isEdited ? sent : readFields();
    saveDraft();
    if (isEdited) return words.batch.unsaved;
    return [formatText(words.batch.saved, { n: formatCount(changed) }), ...refused].join(" ");
  }

  async function undoMetadata() {
    const { said: text } = await askServer({ undo: true });
    undo.hidden = true;
    return text;
  }

  async function runWork(work) {
    save.disabled = undo.disabled = isSaving = true;
    showStatus(words.batch[getConnection()] ?? words.batch.saving);
    try {
      showStatus(await work());
    } catch (error) {
      showStatus(formatText(words.batch.notSaved, { reason: error.message }), true);
    }
    save.disabled = undo.disabled = isSaving = false;
  }

  // While the connection or the session is away, saving waits, and goes on by itself.
  onConnectionChange((standing) => {
    if (isSaving) showStatus(words.batch[standing] ?? words.batch.saving, standing !== "in");
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!isSaving) runWork(saveMetadata);
  });
  undo.addEventListener("click", () => runWork(undoMetadata));
  discard.addEventListener("click", () => {
    isEdited = false;
    fillFields(saved);
    saveDraft();
    showStatus(words.batch.discarded);
  });
  form.addEventListener("input", () => {
    isEdited = true;
    isRestored = false;
    saveDraft();
    if (!isSaving) showStatus(isKept ? words.batch.unsaved : words.batch.notKept, !isKept);
  });

  return {
    get isTouched() {
      return isEdited;
    },
    get isUnsafe() {
      return isEdited && (hasBegun || isSaving || !isKept);
    },
    begin() {
      if (hasBegun) return;
      hasBegun = true;
      saveDraft();
    },
    /** The form belongs to another batch than before: what was typed on this page goes along. */
    async move(before, isUnderWay) {
      const draft = batchDrafts.read(id());
      hasBegun = isUnderWay || Boolean(draft?.hasBegun);
      if (isEdited && !isRestored) {
        batchDrafts.drop(before);
        saveDraft();
      } else {
        fillFields(draft?.words ?? EMPTY);
        isEdited = isRestored = Boolean(draft?.isUnsaved);
        discard.hidden = !isEdited;
        showStatus(isEdited ? words.batch.restored : "");
      }
      const stored = await askServer().catch(() => null);
      if (!stored) return;
      saved = { ...stored, tags: stored.tags.join(", "), collection: String(stored.collection ?? "") };
      // What was on its way when the page was left may have been saved after all.
      if (isEdited && Object.entries(readFields()).some(([name, value]) => value !== saved[name])) return;
      isEdited = false;
      fillFields(stored);
      saveDraft();
      showStatus("");
    },
  };
}
