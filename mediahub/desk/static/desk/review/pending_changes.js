// What an image looks like once the acts that the server has not answered yet are done.

/** A new image: `image` as the server told it, with `acts` done in their order. */
export function applyActions(image, acts) {
  return acts.reduce(applyAction, image);
}

/** The act that takes `act` back, for painting only: the server finds out by itself what to take back. */
export function invertAction({ tags = [], words = {}, state }) {
  return {
    tags: tags.map(([id, name, seen, wanted]) => [id, name, wanted, seen]),
    words: Object.fromEntries(Object.entries(words).map(([name, [seen, wanted]]) => [name, [wanted, seen]])),
    state: state && [state[1], state[0]],
  };
}

function applyAction(image, act) {
  const { tags = [], words = {}, state } = act.inverse ?? act;
  const after = { ...image, words: { ...image.words }, state: state ? state[1] : image.state };
  for (const [name, [, wanted]] of Object.entries(words)) after.words[name] = wanted;
  after.title = after.words.title;
  for (const [id, name, , wanted] of tags) after.tags = setTagState(after.tags, id, name, wanted);
  // As the server has it in library/review.py: a tag that was given to the whole batch is accepted, and not reviewed.
  after.untouched = after.state === "in_review" && !after.tags.some((tag) => tag.reviewed);
  return after;
}

const isSameName = (a, b) => a.toLocaleLowerCase() === b.toLocaleLowerCase();

function setTagState(tags, id, name, state) {
  const isTag = (tag) => (id !== null && tag.id === id) || isSameName(tag.name, name);
  if (state === null) return tags.filter((tag) => !isTag(tag));
  const reviewed = state !== "suggested";
  if (tags.some(isTag)) return tags.map((tag) => (isTag(tag) ? { ...tag, state, reviewed } : tag));
  return [...tags, { id, name, state, reviewed, confidence: null, own: true, source: "", boxes: [], says: "" }];
}
