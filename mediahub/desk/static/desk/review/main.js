// The review: what an editor does is painted at once and sent in its own time.

import { send } from "../signed_in.js";
import { Drafts } from "./drafts.js";
import { fold, inverse } from "./fold.js";
import { listen } from "./keys.js";
import { field, fill, isAbove, showTags, showThreshold, showWords, tagAt, typed } from "./panel.js";
import { Queue, newId, read, write } from "./queue.js";
import { Reel } from "./reel.js";
import * as stage from "./stage.js";

const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("review-config").textContent);
const { words } = config;
const DONE = `review-done-${config.user}`;
const MOST_UNDOS = 500;
const CALM = 300;

const reel = new Reel(config, pictureCame);
const queue = new Queue(config.addresses.acts, config.user, answered);
const drafts = new Drafts(config.user);
const touched = new Set(queue.acts.map((act) => act.image));
let { current } = config;
let threshold = config.threshold;
let waiting = false;
let renewed = null;
let trouble = "";
/** What can be taken back, the newest last. */
let done = read(DONE) ?? [];

const image = (id = current) => fold(reel.images.get(id), queue.of(id));
const say = (text) => (byId("said").textContent = text);

// Painting

function paint({ anew }) {
  const now = image();
  if (anew) stage.show(now, reel.picture(current));
  else stage.describe(now);
  byId("title").textContent = now.title;
  const chip = byId("state").firstElementChild;
  chip.className = `chip chip-${config.tones[now.state]}`;
  chip.textContent = words.states[now.state];
  showTags(now, threshold, words);
  showWords(now, { anew, draft: drafts.of(current).words });
  if (anew) byId("new-tag").value = drafts.of(current).tag;
  paintPlace();
  paintDrafts();
  return now;
}

/** A tag that is typed and not added is told of: beside the field, and by a button while another image is shown. */
function paintDrafts() {
  byId("tag-draft").hidden = !drafts.of(current).tag;
  const others = drafts.withTag.filter((id) => id !== current && reel.order.includes(id));
  const button = byId("drafts");
  button.hidden = others.length === 0;
  button.textContent = fill(words.drafts, { n: others.length });
  button.dataset.image = others[0] ?? "";
}

function paintPlace() {
  const number = reel.start === null ? null : reel.start + reel.order.indexOf(current) + 1;
  const total = Math.max(config.total, number ?? 0);
  byId("place").textContent = fill(number === null ? words.outside : words.place, { number, total });
  byId("progress").value = number ?? 0;
  let left = config.left;
  for (const id of touched) {
    if (reel.images.has(id)) left += image(id).untouched - reel.firsts.get(id);
  }
  byId("left").textContent = fill(words.left, { n: Math.max(0, left) });
}

function paintQueue() {
  const n = queue.acts.length;
  const line = byId("saving");
  line.textContent = fill(n ? words[queue.trouble] ?? words.waiting : words.saved, { n });
  line.dataset.tone = n === 0 ? "good" : queue.trouble ? "bad" : "busy";
  line.hidden = false;
  if (n && queue.trouble !== trouble && queue.trouble) say(line.textContent);
  trouble = n ? queue.trouble : "";
}

function announce(now) {
  const open = now.tags.filter((tag) => tag.state === "suggested").length;
  const values = { title: now.title, place: byId("place").textContent, tags: now.tags.length, open };
  say(fill(words.tags, values));
}

function pictureCame(id, failed = false) {
  if (id !== current) return;
  if (!failed) stage.show(image(), reel.picture(id));
  else if (renewed === id) say(words.broken);
  else {
    // A signed address does not live for ever: ask for another, once.
    renewed = id;
    reel.again(id).then(() => id === current && stage.show(image(), reel.picture(id)), () => say(words.broken));
  }
}

// Moving

function go(id) {
  keepWords();
  current = id;
  announce(paint({ anew: true }));
  calmly();
  reel.around(id).then(paintPlace);
}

async function move(step) {
  const neighbour = () => reel.order[reel.order.indexOf(current) + step];
  const ended = () => (step > 0 ? reel.atEnd : reel.atStart);
  const from = current;
  if (!neighbour() && !ended()) {
    say(words.loading);
    if (waiting) return;
    waiting = true;
    await reel.around(current);
    waiting = false;
    if (current !== from) return;
  }
  if (neighbour()) go(neighbour());
  else if (ended()) say(step > 0 ? words.last : words.first);
}

let timer = null;

/** The address and the links follow once the editor rests: browsers count how often an address changes. */
function calmly() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const query = config.query ? `?${config.query}` : "";
    const at = reel.order.indexOf(current);
    history.replaceState(null, "", reel.images.get(current).review + query);
    document.title = `${image().title} · MediaHub`;
    byId("crop-page").href = reel.images.get(current).crop;
    byId("image-page").href = reel.images.get(current).page;
    for (const [name, id] of [["next", reel.order[at + 1]], ["previous", reel.order[at - 1]]]) {
      if (id) byId(name).href = reel.images.get(id).review + query;
    }
  }, CALM);
}

// Acting

function act(changes, id = current) {
  const made = { id: newId(), image: id, title: image(id).title, ...changes };
  touched.add(id);
  if (!made.undo) {
    done = [...done, made].slice(-MOST_UNDOS);
    write(DONE, done);
  }
  queue.add(made);
  return made;
}

function answered({ done: through, refused, images }) {
  reel.keep(images);
  for (const { act: asked, reason } of refused) {
    done = done.filter((one) => one.id !== asked.id);
    refuse(asked.image, { title: asked.title, reason, typed: typedIn(asked) });
  }
  if (refused.length) write(DONE, done);
  for (const one of through) if (one.undo && !one.undoes) say(fill(words.undone, { title: one.title }));
  paintQueue();
  if (images.some(({ id }) => id === current)) {
    const now = paint({ anew: false });
    if (now.file !== byId("front")?.dataset.file) stage.show(now, reel.picture(current));
  } else if (images.length) paintPlace();
}

/** [field, text] for all that was typed in an act; a tag is known by its name alone only while it is new. */
function typedIn({ words: changed = {}, tags = [] }) {
  const added = tags.filter(([id]) => id === null).map(([, name]) => ["tag", name]);
  return [...Object.entries(changed).map(([name, [, now]]) => [name, now]), ...added];
}

/** What was typed and refused stays in sight, over a reload too, until it is written after all or dismissed. */
function refuse(id, one) {
  const { refused } = drafts.of(id);
  if (one.typed.length) drafts.keep(id, { refused: [...refused, one] });
  showRefused(id, one);
}

function showRefused(id, one) {
  const line = notice(fill(words.refused, one), id, () => {
    drafts.keep(id, { refused: drafts.of(id).refused.filter(({ typed }) => typed.join() !== one.typed.join()) });
  });
  for (const [name, now] of one.typed) {
    const label = (field(name) ?? byId("new-tag")).labels[0].textContent.trim();
    line.append(Object.assign(document.createElement("q"), { textContent: fill(words.yours, { field: label, text: now }) }));
  }
  const typed = one.typed.filter(([name]) => field(name));
  if (!typed.length || !reel.images.has(id)) return;
  const insist = Object.assign(document.createElement("button"), { type: "button", textContent: words.writeYours });
  insist.addEventListener("click", () => {
    const there = image(id).words;
    act({ words: Object.fromEntries(typed.map(([name, now]) => [name, [there[name], now]])) }, id);
    if (id === current) paint({ anew: true });
    line.querySelector("[data-dismiss]").click();
  });
  line.append(insist);
}

function notice(text, id, dismissed = () => {}) {
  const line = document.createElement("li");
  const dismiss = Object.assign(document.createElement("button"), { type: "button", textContent: words.dismiss });
  dismiss.dataset.dismiss = "";
  dismiss.addEventListener("click", () => {
    line.remove();
    dismissed();
    stage.focusStage();
  });
  line.append(Object.assign(document.createElement("span"), { textContent: text }));
  if (id !== current && reel.order.includes(id)) {
    const visit = Object.assign(document.createElement("button"), { type: "button", textContent: words.goTo });
    visit.addEventListener("click", () => go(id));
    line.append(visit);
  }
  line.append(dismiss);
  byId("notices").append(line);
  return line;
}

function decide(tag, state) {
  act({ tags: [[tag.id, tag.name, tag.state, state]] });
  const now = paint({ anew: false });
  say(`${tag.name}: ${words.tagStates[now.tags.find(({ name }) => name === tag.name).state]}`);
}

const AFTER = { suggested: "accepted", accepted: "rejected", rejected: "suggested" };

/** The next state of a tag by its number key; an editor's own tag is never undecided. */
function turn(tag) {
  if (tag) decide(tag, tag.own && tag.state === "rejected" ? "accepted" : AFTER[tag.state]);
}

/** What the button of a row asks for: what it says, or, pressed again, the contrary of it. */
function press(tag, state) {
  const contrary = tag.own ? { accepted: "rejected", rejected: "accepted" }[state] : "suggested";
  decide(tag, tag.state === state ? contrary : state);
}

function acceptAll() {
  const taken = image().tags.filter((tag) => isAbove(tag, threshold));
  if (taken.length) act({ tags: taken.map(({ id, name, state }) => [id, name, state, "accepted"]) });
  move(1);
}

function give(state) {
  const now = image();
  if (!config.mayPublish) return say(words.mayNot);
  if (now.state === state) {
    say(fill(words.already, { state: words.states[state] }));
    return move(1);
  }
  keepWords();
  const typing = queue.of(current).some((one) => one.words || one.undo);
  if (state === "published" && now.lacks.length && !typing) {
    return notice(fill(words.cannotPublish, { title: now.title, reason: now.lacks.join(" ") }), current);
  }
  // Of the file that is in sight: another one may have come that nobody saw.
  act({ state: [now.state, state], file: byId("front")?.dataset.file ?? now.file });
  paint({ anew: false });
  return move(1);
}

function undo() {
  // What is being typed belongs to the image that is shown now.
  keepWords();
  const last = done.pop();
  write(DONE, done);
  if (!last) return act({ undo: true });
  const there = reel.order.includes(last.image);
  const from = current;
  current = there ? last.image : current;
  queue.add({ id: newId(), image: last.image, title: last.title, undo: true, undoes: last.id, inverse: inverse(last) });
  touched.add(last.image);
  paint({ anew: current !== from });
  say(fill(words.undone, { title: last.title }));
  calmly();
  return reel.around(current);
}

function addTag(name) {
  const held = image().tags.find((tag) => tag.name.toLocaleLowerCase() === name.toLocaleLowerCase());
  if (held?.state === "accepted") return;
  decide(held ?? { id: null, name, state: null }, "accepted");
}

function keepWords() {
  const changed = typed();
  if (!Object.keys(changed).length) return drafts.keep(current, { words: {} });
  act({ words: changed });
  drafts.keep(current, { words: {} });
  for (const [name, [, now]] of Object.entries(changed)) field(name).dataset.was = now;
}

// The page's own controls: each form works without this script too.

byId("acts").addEventListener("submit", (event) => {
  event.preventDefault();
  const { submitter } = event;
  const row = submitter.closest(".row");
  if (row) {
    const tag = image().tags.find(({ name }) => name === row.dataset.tag);
    return press(tag, submitter.classList.contains("row-accept") ? "accepted" : "rejected");
  }
  return perform(submitter.id);
});
byId("undo").addEventListener("click", undo);
byId("words").addEventListener("submit", (event) => {
  event.preventDefault();
  keepWords();
  paint({ anew: false });
  stage.focusStage();
});
byId("words").addEventListener("input", () => drafts.keep(current, { words: typed() }));
byId("words").addEventListener("change", () => {
  keepWords();
  paint({ anew: false });
});
byId("add-tag").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = byId("new-tag");
  const name = input.value.trim().replace(/\s+/g, " ");
  input.value = "";
  drafts.keep(current, { tag: "" });
  if (name) addTag(name);
  paintDrafts();
});
byId("drafts").addEventListener("click", ({ target }) => {
  go(target.dataset.image);
  byId("new-tag").focus();
});
for (const [name, step] of [["previous", -1], ["next", 1]]) {
  byId(name).addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    move(step);
  });
}
byId("zoom").addEventListener("click", stage.toggleZoom);
byId("stage").addEventListener("dblclick", stage.toggleZoom);
byId("help-link").addEventListener("click", (event) => {
  event.preventDefault();
  byId("help").showModal();
});
for (const [over, out] of [["pointerover", "pointerleave"], ["focusin", "focusout"]]) {
  byId("rows").addEventListener(over, (event) => stage.highlight(tagAt(event)));
  byId("rows").addEventListener(out, () => stage.highlight(null));
}

let remembering = null;

byId("threshold").addEventListener("input", ({ target }) => {
  threshold = Number(target.value);
  showThreshold(image(), threshold, words);
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    const body = new URLSearchParams({ threshold });
    send(config.addresses.threshold, { method: "POST", body }).catch(() => {});
  }, CALM);
});
// After a drag the keys are the picture's again; who came by Tab stays.
byId("threshold").addEventListener("pointerup", stage.focusStage);

let completing = null;

byId("new-tag").addEventListener("input", ({ target }) => {
  drafts.keep(current, { tag: target.value.trim() ? target.value : "" });
  paintDrafts();
  clearTimeout(completing);
  completing = setTimeout(async () => {
    const query = new URLSearchParams({ q: target.value });
    const answer = await send(`${config.addresses.tags}?${query}`).catch(() => null);
    // What comes late is for a text that has gone on.
    if (!answer?.ok || byId("new-tag").value !== target.value) return;
    const { names } = await answer.json();
    byId("known-tags").replaceChildren(...names.map((value) => Object.assign(document.createElement("option"), { value })));
  }, CALM);
});

// Keys

const ACTS = {
  next: () => move(1),
  previous: () => move(-1),
  accept: acceptAll,
  reject: () => give("archived"),
  publish: () => give("published"),
  words: () => field(image().words.alt_text ? "title" : "alt_text").focus(),
  tag: () => byId("new-tag").focus(),
  zoom: stage.toggleZoom,
  undo,
  help: () => byId("help").showModal(),
  number: (number) => turn(image().tags[number - 1]),
};

const WHILE_WAITING = new Set(["previous", "help"]);

/** Until the next image is there, what was meant for it must not hit this one. */
function perform(name, ...args) {
  if (waiting && !WHILE_WAITING.has(name)) say(words.loading);
  else ACTS[name](...args);
}

function leave() {
  const { activeElement: focused } = document;
  if (focused === byId("new-tag")) {
    focused.value = "";
    drafts.keep(current, { tag: "" });
    paintDrafts();
  }
  // What came back with the page was not changed in it, so no event of the field would save it.
  if (focused?.closest("#words")) {
    keepWords();
    paint({ anew: false });
  }
  if (focused?.matches("input, textarea")) stage.focusStage();
  else stage.unzoom();
}

listen(config, perform, { leave, pan: stage.pan });

addEventListener("beforeunload", (event) => {
  keepWords();
  if (queue.acts.length) event.preventDefault();
});

byId("undo").hidden = byId("zoom").hidden = false;
byId("save-words").hidden = true;
paint({ anew: true });
if (queue.acts.length) paintQueue();
for (const [id, one] of drafts.refused) showRefused(id, one);
reel.around(current).then(paintPlace);
stage.focusStage();
document.documentElement.dataset.review = "ready";
