// What stands beside the picture: the tags, the threshold, the metadata.

const byId = (id) => document.getElementById(id);
const rows = byId("rows");
const template = byId("row");
const MOST_KEYS = 9;
const FIELDS = ["title", "alt_text", "caption", "credit", "copyright", "license", "license_url"];

export const findField = (name) => byId(`word-${name}`);
const counting = new Intl.PluralRules(document.documentElement.lang);

/** Fills a sentence of the server's in; one with a number comes in all forms that the language has. */
export function formatText(said, values) {
  const text = typeof said === "string" ? said : said[counting.select(values.n)];
  return text.replace(/\{(\w+)\}/g, (_whole, name) => values[name] ?? "");
}

// As it is shown, in whole per cent: what reads 80 % is taken from 80 % on.
export const isAbove = (tag, threshold) =>
  tag.state === "suggested" && tag.confidence !== null && Math.round(tag.confidence) >= threshold;

/** Shows the tags of an image, taking over the rows that are there, so that none that is focused goes away. */
export function showTags(image, threshold, texts) {
  while (rows.children.length > image.tags.length) rows.lastElementChild.remove();
  while (rows.children.length < image.tags.length) rows.append(template.content.cloneNode(true));
  image.tags.forEach((tag, at) => showTag(rows.children[at], tag, at, threshold, texts));
  showThreshold(image, threshold, texts);
  byId("labels").textContent = image.labels;
}

function showTag(row, tag, at, threshold, texts) {
  row.className = `row row-${tag.state}`;
  row.classList.toggle("row-above", isAbove(tag, threshold));
  row.dataset.tag = tag.name;
  const part = (name) => row.querySelector(`.row-${name}`);
  part("key").textContent = at < MOST_KEYS ? at + 1 : "";
  part("name").textContent = tag.name;
  part("percent").textContent = tag.confidence === null ? "" : formatText(texts.percent, { n: Math.round(tag.confidence) });
  part("says").textContent = tag.says;
  part("state").textContent = texts.tagStates[tag.state];
  const meter = row.querySelector("meter");
  meter.hidden = tag.confidence === null;
  meter.value = tag.confidence ?? 0;
  for (const [name, state] of [["accept", "accepted"], ["reject", "rejected"]]) {
    const button = part(name);
    button.setAttribute("aria-pressed", tag.state === state);
    button.setAttribute("aria-label", formatText(texts[name], { tag: tag.name }));
  }
}

/** Shows which suggestions “accept all above” would take. */
export function showThreshold(image, threshold, texts) {
  byId("threshold").value = threshold;
  byId("percent").textContent = formatText(texts.percent, { n: threshold });
  const above = image.tags.filter((tag) => isAbove(tag, threshold));
  byId("accept-says").textContent = above.length ? formatText(texts.acceptMany, { n: above.length }) : texts.acceptNone;
  image.tags.forEach((tag, at) => rows.children[at].classList.toggle("row-above", above.includes(tag)));
}

/** Puts the words of an image into the fields; a field that is being typed in keeps what is typed, as `draft` has it. */
export function showFields(image, { anew, draft }) {
  for (const name of FIELDS) {
    const input = findField(name);
    if (!anew && document.activeElement === input) continue;
    const [was, value] = draft[name] ?? [image.words[name], image.words[name]];
    input.value = value;
    input.dataset.was = was;
  }
}

/** What was typed since: {name: [what was there, what is typed]}. */
export function readTypedFields() {
  const changes = {};
  for (const name of FIELDS) {
    const input = findField(name);
    // A field knows one kind of line end.
    const [was, now] = [(input.dataset.was ?? "").replaceAll("\r\n", "\n"), input.value.trim()];
    if (now !== was.trim()) changes[name] = [was, now];
  }
  return changes;
}

/** The tag whose row the event happened in; null for none. */
export function findTagAt(event) {
  return event.target.closest?.(".row")?.dataset.tag ?? null;
}
