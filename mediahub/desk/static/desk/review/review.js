// The review: what an editor does is painted at once and sent in its own time.

import { send } from "../session.js";
import { Drafts } from "./drafts.js";
import { applyActions, invertAction } from "./pending_changes.js";
import { listenForShortcuts } from "../shortcuts.js";
import { findField, formatText, isAbove, showTags, showThreshold, showFields, findTagAt, readTypedFields } from "./panel.js";
import { ActionQueue, newId, readStored, store } from "./action_queue.js";
import { ImageQueue } from "./image_queue.js";
import * as stage from "./stage.js";

const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("review-config").textContent);
const { texts } = config;
const HISTORY_KEY = `review-done-${config.user}`;
const MOST_UNDOS = 500;
const DELAY = 300;

const imageQueue = new ImageQueue(config, handlePicture);
const actionQueue = new ActionQueue(config.addresses.acts, config.user, handleAnswer);
const drafts = new Drafts(config.user);
const touched = new Set(actionQueue.acts.map((act) => act.image));
let { current } = config;
let threshold = config.threshold;
let isWaiting = false;
let reloadedImage = null;
let trouble = "";
/** What can be taken back, the newest last. */
let undoable = readStored(HISTORY_KEY) ?? [];

const getImage = (id = current) => applyActions(imageQueue.images.get(id), actionQueue.listActionsOn(id));
const speak = (text) => (byId("said").textContent = text);

// Painting

function paint({ anew }) {
  const now = getImage();
  if (anew) stage.show(now, imageQueue.getPicture(current));
  else stage.describe(now);
  byId("title").textContent = now.title;
  const chip = byId("state").firstElementChild;
  chip.className = `chip chip-${config.tones[now.state]}`;
  chip.textContent = texts.states[now.state];
  showTags(now, threshold, texts);
  showFields(now, { anew, draft: drafts.get(current).words });
  if (anew) byId("new-tag").value = drafts.get(current).tag;
  paintPlace();
  paintDrafts();
  return now;
}

/** A tag that is typed and not added is told of: beside the field, and by a button while another image is shown. */
function paintDrafts() {
  byId("tag-draft").hidden = !drafts.get(current).tag;
  const others = drafts.withTag.filter((id) => id !== current && imageQueue.order.includes(id));
  const button = byId("drafts");
  button.hidden = others.length === 0;
  button.textContent = formatText(texts.drafts, { n: others.length });
  button.dataset.image = others[0] ?? "";
}

function paintPlace() {
  const number = imageQueue.start === null ? null : imageQueue.start + imageQueue.order.indexOf(current) + 1;
  const total = Math.max(config.total, number ?? 0);
  byId("place").textContent = formatText(number === null ? texts.outside : texts.place, { number, total });
  byId("progress").value = number ?? 0;
  let left = config.left;
  for (const id of touched) {
    if (imageQueue.images.has(id)) left += getImage(id).untouched - imageQueue.untouchedAtFirst.get(id);
  }
  byId("left").textContent = formatText(texts.left, { n: Math.max(0, left) });
}

function paintQueue() {
  const n = actionQueue.acts.length;
  const line = byId("saving");
  line.textContent = formatText(n ? texts[actionQueue.trouble] ?? texts.waiting : texts.saved, { n });
  line.dataset.tone = n === 0 ? "good" : actionQueue.trouble ? "bad" : "busy";
  line.hidden = false;
  if (n && actionQueue.trouble !== trouble && actionQueue.trouble) speak(line.textContent);
  trouble = n ? actionQueue.trouble : "";
}

function announceImage(now) {
  const open = now.tags.filter((tag) => tag.state === "suggested").length;
  const values = { title: now.title, place: byId("place").textContent, tags: now.tags.length, open };
  speak(formatText(texts.tags, values));
}

function handlePicture(id, failed = false) {
  if (id !== current) return;
  if (!failed) stage.show(getImage(), imageQueue.getPicture(id));
  else if (reloadedImage === id) speak(texts.broken);
  else {
    // A signed address does not live for ever: ask for another, once.
    reloadedImage = id;
    imageQueue.reload(id).then(() => id === current && stage.show(getImage(), imageQueue.getPicture(id)), () => speak(texts.broken));
  }
}

// Moving

function showImage(id) {
  saveFields();
  current = id;
  announceImage(paint({ anew: true }));
  updateAddressSoon();
  imageQueue.loadAround(id).then(paintPlace);
}

async function moveBy(step) {
  const neighbour = () => imageQueue.order[imageQueue.order.indexOf(current) + step];
  const ended = () => (step > 0 ? imageQueue.atEnd : imageQueue.atStart);
  const from = current;
  if (!neighbour() && !ended()) {
    speak(texts.loading);
    if (isWaiting) return;
    isWaiting = true;
    await imageQueue.loadAround(current);
    isWaiting = false;
    if (current !== from) return;
  }
  if (neighbour()) showImage(neighbour());
  else if (ended()) speak(step > 0 ? texts.last : texts.first);
}

let timer = null;

/** The address and the links follow once the editor rests: browsers count how often an address changes. */
function updateAddressSoon() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const query = config.query ? `?${config.query}` : "";
    const at = imageQueue.order.indexOf(current);
    history.replaceState(null, "", imageQueue.images.get(current).review + query);
    document.title = `${getImage().title} · MediaHub`;
    byId("crop-page").href = imageQueue.images.get(current).crop;
    byId("image-page").href = imageQueue.images.get(current).page;
    for (const [name, id] of [["next", imageQueue.order[at + 1]], ["previous", imageQueue.order[at - 1]]]) {
      if (id) byId(name).href = imageQueue.images.get(id).review + query;
    }
  }, DELAY);
}

// Acting

function addAction(changes, id = current) {
  const action = { id: newId(), image: id, title: getImage(id).title, ...changes };
  touched.add(id);
  if (!action.undo) {
    undoable = [...undoable, action].slice(-MOST_UNDOS);
    store(HISTORY_KEY, undoable);
  }
  actionQueue.add(action);
  return action;
}

function handleAnswer({ done: accepted, refused, images }) {
  imageQueue.update(images);
  for (const { act: asked, reason } of refused) {
    undoable = undoable.filter((one) => one.id !== asked.id);
    keepRefused(asked.image, { title: asked.title, reason, typed: listTypedTexts(asked) });
  }
  if (refused.length) store(HISTORY_KEY, undoable);
  for (const one of accepted) if (one.undo && !one.undoes) speak(formatText(texts.undone, { title: one.title }));
  paintQueue();
  if (images.some(({ id }) => id === current)) {
    const now = paint({ anew: false });
    if (now.file !== byId("front")?.dataset.file) stage.show(now, imageQueue.getPicture(current));
  } else if (images.length) paintPlace();
}

/** [field, text] for all that was typed in an act; a tag is known by its name alone only while it is new. */
function listTypedTexts({ words: changed = {}, tags = [] }) {
  const added = tags.filter(([id]) => id === null).map(([, name]) => ["tag", name]);
  return [...Object.entries(changed).map(([name, [, now]]) => [name, now]), ...added];
}

/** What was typed and refused stays in sight, over a reload too, until it is written after all or dismissed. */
function keepRefused(id, one) {
  const { refused } = drafts.get(id);
  if (one.typed.length) drafts.save(id, { refused: [...refused, one] });
  showRefused(id, one);
}

function showRefused(id, one) {
  const line = showNotice(formatText(texts.refused, one), id, () => {
    drafts.save(id, { refused: drafts.get(id).refused.filter(({ typed }) => typed.join() !== one.typed.join()) });
  });
  for (const [name, now] of one.typed) {
    const label = (findField(name) ?? byId("new-tag")).labels[0].textContent.trim();
    line.append(Object.assign(document.createElement("q"), { textContent: formatText(texts.yours, { field: label, text: now }) }));
  }
  const typed = one.typed.filter(([name]) => findField(name));
  if (!typed.length || !imageQueue.images.has(id)) return;
  const writeButton = Object.assign(document.createElement("button"), { type: "button", textContent: texts.writeYours });
  writeButton.addEventListener("click", () => {
    const there = getImage(id).words;
    addAction({ words: Object.fromEntries(typed.map(([name, now]) => [name, [there[name], now]])) }, id);
    if (id === current) paint({ anew: true });
    line.querySelector("[data-dismiss]").click();
  });
  line.append(writeButton);
}

function showNotice(text, id, dismissed = () => {}) {
  const line = document.createElement("li");
  const dismiss = Object.assign(document.createElement("button"), { type: "button", textContent: texts.dismiss });
  dismiss.dataset.dismiss = "";
  dismiss.addEventListener("click", () => {
    line.remove();
    dismissed();
    stage.focusStage();
  });
  line.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (id !== current && imageQueue.order.includes(id)) {
    const visit = Object.assign(document.createElement("button"), { type: "button", textContent: texts.goTo });
    visit.addEventListener("click", () => showImage(id));
    line.append(visit);
  }
  line.append(dismiss);
  byId("notices").append(line);
  return line;
}

function setTagState(tag, state) {
  addAction({ tags: [[tag.id, tag.name, tag.state, state]] });
  const now = paint({ anew: false });
  speak(`${tag.name}: ${texts.tagStates[now.tags.find(({ name }) => name === tag.name).state]}`);
}

const NEXT_STATE = { suggested: "accepted", accepted: "rejected", rejected: "suggested" };

/** The next state of a tag by its number key; an editor's own tag is never undecided. */
function cycleTagState(tag) {
  if (tag) setTagState(tag, tag.own && tag.state === "rejected" ? "accepted" : NEXT_STATE[tag.state]);
}

/** What the button of a row asks for: what it says, or, pressed again, the contrary of it. */
function pressTagButton(tag, state) {
  const contrary = tag.own ? { accepted: "rejected", rejected: "accepted" }[state] : "suggested";
  setTagState(tag, tag.state === state ? contrary : state);
}

function acceptAll() {
  const taken = getImage().tags.filter((tag) => isAbove(tag, threshold));
  if (taken.length) addAction({ tags: taken.map(({ id, name, state }) => [id, name, state, "accepted"]) });
  moveBy(1);
}

function setImageState(state) {
  const now = getImage();
  if (!config.mayPublish) return speak(texts.mayNot);
  if (now.state === state) {
    speak(formatText(texts.already, { state: texts.states[state] }));
    return moveBy(1);
  }
  saveFields();
  const typing = actionQueue.listActionsOn(current).some((one) => one.words || one.undo);
  if (state === "published" && now.lacks.length && !typing) {
    return showNotice(formatText(texts.cannotPublish, { title: now.title, reason: now.lacks.join(" ") }), current);
  }
  // Of the file that is in sight: another one may have come that nobody saw.
  addAction({ state: [now.state, state], file: byId("front")?.dataset.file ?? now.file });
  paint({ anew: false });
  return moveBy(1);
}

function undo() {
  // What is being typed belongs to the image that is shown now.
  saveFields();
  const last = undoable.pop();
  store(HISTORY_KEY, undoable);
  if (!last) return addAction({ undo: true });
  const there = imageQueue.order.includes(last.image);
  const from = current;
  current = there ? last.image : current;
  actionQueue.add({ id: newId(), image: last.image, title: last.title, undo: true, undoes: last.id, inverse: invertAction(last) });
  touched.add(last.image);
  paint({ anew: current !== from });
  speak(formatText(texts.undone, { title: last.title }));
  updateAddressSoon();
  return imageQueue.loadAround(current);
}

function addTag(name) {
  const existingTag = getImage().tags.find((tag) => tag.name.toLocaleLowerCase() === name.toLocaleLowerCase());
  if (existingTag?.state === "accepted") return;
  setTagState(existingTag ?? { id: null, name, state: null }, "accepted");
}

function saveFields() {
  const changed = readTypedFields();
  if (!Object.keys(changed).length) return drafts.save(current, { words: {} });
  addAction({ words: changed });
  drafts.save(current, { words: {} });
  for (const [name, [, now]] of Object.entries(changed)) findField(name).dataset.was = now;
}

// The page's own controls: each form works without this script too.

byId("acts").addEventListener("submit", (event) => {
  event.preventDefault();
  const { submitter } = event;
  const row = submitter.closest(".row");
  if (row) {
    const tag = getImage().tags.find(({ name }) => name === row.dataset.tag);
    return pressTagButton(tag, submitter.classList.contains("row-accept") ? "accepted" : "rejected");
  }
  return perform(submitter.id);
});
byId("undo").addEventListener("click", undo);
byId("words").addEventListener("submit", (event) => {
  event.preventDefault();
  saveFields();
  paint({ anew: false });
  stage.focusStage();
});
byId("words").addEventListener("input", () => drafts.save(current, { words: readTypedFields() }));
byId("words").addEventListener("change", () => {
  saveFields();
  paint({ anew: false });
});
byId("add-tag").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = byId("new-tag");
  const name = input.value.trim().replace(/\s+/g, " ");
  input.value = "";
  drafts.save(current, { tag: "" });
  if (name) addTag(name);
  paintDrafts();
});
byId("drafts").addEventListener("click", ({ target }) => {
  showImage(target.dataset.image);
  byId("new-tag").focus();
});
for (const [name, step] of [["previous", -1], ["next", 1]]) {
  byId(name).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    moveBy(step);
  });
}
byId("zoom").addEventListener("click", stage.toggleZoom);
byId("stage").addEventListener("dblclick", stage.toggleZoom);
byId("help-link").addEventListener("click", (event) => {
  event.preventDefault();
  byId("help").showModal();
});
for (const [over, out] of [["pointerover", "pointerleave"], ["focusin", "focusout"]]) {
  byId("rows").addEventListener(over, (event) => stage.highlight(findTagAt(event)));
  byId("rows").addEventListener(out, () => stage.highlight(null));
}

let thresholdTimer = null;

byId("threshold").addEventListener("input", ({ target }) => {
  threshold = Number(target.value);
  showThreshold(getImage(), threshold, texts);
  clearTimeout(thresholdTimer);
  thresholdTimer = setTimeout(() => {
    const body = new URLSearchParams({ threshold });
    send(config.addresses.threshold, { method: "POST", body }).catch(() => {});
  }, DELAY);
});
// After a drag the keys are the picture's again; who came by Tab stays.
byId("threshold").addEventListener("pointerup", stage.focusStage);

let completionTimer = null;

byId("new-tag").addEventListener("input", ({ target }) => {
  drafts.save(current, { tag: target.value.trim() ? target.value : "" });
  paintDrafts();
  clearTimeout(completionTimer);
  completionTimer = setTimeout(async () => {
    const query = new URLSearchParams({ q: target.value });
    const answer = await send(`${config.addresses.tags}?${query}`).catch(() => null);
    // What comes late is for a text that has gone on.
    if (!answer?.ok || byId("new-tag").value !== target.value) return;
    const { names } = await answer.json();
    byId("known-tags").replaceChildren(...names.map((value) => Object.assign(document.createElement("option"), { value })));
  }, DELAY);
});

// Keys

const ACTIONS = {
  next: () => moveBy(1),
  previous: () => moveBy(-1),
  accept: acceptAll,
  reject: () => setImageState("archived"),
  publish: () => setImageState("published"),
  words: () => findField(getImage().words.alt_text ? "title" : "alt_text").focus(),
  tag: () => byId("new-tag").focus(),
  zoom: stage.toggleZoom,
  undo,
  help: () => byId("help").showModal(),
  number: (number) => cycleTagState(getImage().tags[number - 1]),
};

const WHILE_WAITING = new Set(["previous", "help"]);

/** Until the next image is there, what was meant for it must not hit this one. */
function perform(name, ...args) {
  if (isWaiting && !WHILE_WAITING.has(name)) speak(texts.loading);
  else ACTIONS[name](...args);
}

function leaveField() {
  const { activeElement: focused } = document;
  if (focused === byId("new-tag")) {
    focused.value = "";
    drafts.save(current, { tag: "" });
    paintDrafts();
  }
  // What came back with the page was not changed in it, so no event of the field would save it.
  if (focused?.closest("#words")) {
    saveFields();
    paint({ anew: false });
  }
  if (focused?.matches("input, textarea")) stage.focusStage();
  else stage.unzoom();
}

listenForShortcuts(config, perform, { leave: leaveField, pan: stage.pan });

addEventListener("beforeunload", (event) => {
  saveFields();
  if (actionQueue.acts.length) event.preventDefault();
});

byId("undo").hidden = byId("zoom").hidden = false;
byId("save-words").hidden = true;
paint({ anew: true });
if (actionQueue.acts.length) paintQueue();
for (const [id, one] of drafts.refused) showRefused(id, one);
imageQueue.loadAround(current).then(paintPlace);
stage.focusStage();
document.documentElement.dataset.review = "ready";
