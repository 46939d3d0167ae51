// The images of the review in their order, fetched ahead of the editor, and their pictures, decoded ahead.

import { send } from "../signed_in.js";

const AHEAD = 40;
const PATIENCE = 20000;
const PICTURES_AHEAD = 8;
const PICTURES_BEHIND = 3;
const KEPT = 14;

export class Reel {
  #address;
  #query;
  #pictures = new Map();
  #loading = { _after: null, _before: null };
  #whole = { _after: false, _before: false };
  /** Images as the server told them last, by id. */
  images = new Map();
  /** Whether nobody had decided anything on an image when it was first told of, by id. */
  firsts = new Map();
  order = [];
  /** How many images of the review stand before `order[0]`; null when the first one is none of the review. */
  start = null;

  constructor({ addresses, query, images, current, more, number }, onPicture) {
    this.#address = addresses.items;
    this.#query = query;
    this.onPicture = onPicture;
    this.keep(images);
    this.order = images.map((image) => image.id);
    this.start = number === null ? null : number - 1 - this.order.indexOf(current);
    this.#whole._after = !more;
    this.#whole._before = this.start === 0;
  }

  keep(images) {
    for (const image of images) {
      this.images.set(image.id, image);
      if (!this.firsts.has(image.id)) this.firsts.set(image.id, image.untouched);
    }
  }

  get atEnd() {
    return this.#whole._after;
  }

  get atStart() {
    return this.#whole._before;
  }

  /** Fetches what comes next around the place of `id`; resolves once there is more, or nothing more. */
  async around(id) {
    const at = this.order.indexOf(id);
    const wanted = [];
    if (this.order.length - at <= AHEAD) wanted.push(this.#more("_after", this.order.at(-1)));
    if (at < PICTURES_BEHIND) wanted.push(this.#more("_before", this.order[0]));
    this.#warm(at);
    await Promise.allSettled(wanted);
    this.#warm(this.order.indexOf(id));
  }

  /** Fetches more in one direction; who asks while that is under way waits for the same answer. */
  #more(name, id) {
    if (this.#whole[name]) return null;
    this.#loading[name] ??= this.#fetch(name, id).finally(() => (this.#loading[name] = null));
    return this.#loading[name];
  }

  async #fetch(name, id) {
    const { images, more } = await load(this.#question(name, id));
    // What was looked at already stands where it stood, whatever became of it.
    const fresh = images.filter((image) => !this.images.has(image.id));
    this.keep(fresh);
    const ids = fresh.map((image) => image.id);
    if (name === "_after") this.order.push(...ids);
    else this.order.unshift(...ids.reverse());
    if (name === "_before" && this.start !== null) this.start = Math.max(0, this.start - ids.length);
    this.#whole[name] = !more;
  }

  #question(name, id) {
    const query = new URLSearchParams(this.#query);
    query.set(name, id);
    return `${this.#address}?${query}`;
  }

  /** The image as the server has it now; its picture's address is signed anew. */
  async again(id) {
    const { images } = await load(this.#question("_of", id));
    this.keep(images);
    this.#pictures.delete(id);
  }

  /** The element with the picture of this image, which is decoded already when it was near. */
  picture(id) {
    const { picture, file } = this.images.get(id);
    const held = this.#pictures.get(id);
    if (held?.dataset.file === file) return held;
    if (!picture.address) return null;
    const made = new Image(picture.width, picture.height);
    made.className = "front";
    made.id = "front";
    made.dataset.image = id;
    made.dataset.file = file;
    // The frame that shows the next image shows its picture, and no gap before it.
    made.decoding = "sync";
    made.addEventListener("load", () => this.onPicture(id));
    made.addEventListener("error", () => this.onPicture(id, true), { once: true });
    made.src = picture.address;
    this.#pictures.set(id, made);
    made.decode().catch(() => {});
    return made;
  }

  #warm(at) {
    const near = this.order.slice(Math.max(0, at - PICTURES_BEHIND), at + PICTURES_AHEAD + 1);
    // The nearest ones first: they are needed first.
    for (const id of [...near].sort((a, b) => this.#distance(a, at) - this.#distance(b, at))) this.picture(id);
    const kept = new Set(this.order.slice(Math.max(0, at - KEPT), at + KEPT));
    for (const id of this.#pictures.keys()) if (!kept.has(id)) this.#pictures.delete(id);
  }

  #distance(id, at) {
    const away = this.order.indexOf(id) - at;
    return away < 0 ? 2 * -away : away;
  }
}

async function load(address) {
  const answer = await send(address, { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}
