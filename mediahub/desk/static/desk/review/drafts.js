// What is typed beside an image and not sent yet: kept for that image, under its person's id, as it is typed.

const MAX_AGE = 30 * 24 * 3600 * 1000;

export class Drafts {
  #key;
  #all;

  constructor(user) {
    this.#key = `review-drafts-${user}`;
    this.#all = this.#read();
    // Another tab may review other images.
    addEventListener("storage", ({ key }) => key === this.#key && (this.#all = this.#read()));
  }

  /**
   * Of one image: `tag` and `words` ({name: [what was there, what is typed]}) as they are being typed, and what was
   * `refused`: { title, reason, typed: [[field, text]] } for each act.
   */
  get(image) {
    return { tag: "", words: {}, refused: [], ...this.#all[image] };
  }

  /** [image, what was refused] for each that nobody has answered. */
  get refused() {
    return Object.keys(this.#all).flatMap((image) => this.get(image).refused.map((one) => [image, one]));
  }

  /** Images with a tag that is typed and not added. */
  get withTag() {
    return Object.keys(this.#all).filter((image) => this.#all[image].tag);
  }

  save(image, changed) {
    const draft = { ...this.get(image), ...changed, at: Date.now() };
    this.#all = this.#read();
    if (draft.tag || draft.refused.length || Object.keys(draft.words).length) this.#all[image] = draft;
    else delete this.#all[image];
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#all));
    } catch (error) {
      // A full store: what is typed stays in the page.
      console.warn(error);
    }
  }

  #read() {
    try {
      const all = JSON.parse(localStorage.getItem(this.#key)) ?? {};
      return Object.fromEntries(Object.entries(all).filter(([, { at }]) => at > Date.now() - MAX_AGE));
    } catch {
      return this.#all ?? {};
    }
  }
}
