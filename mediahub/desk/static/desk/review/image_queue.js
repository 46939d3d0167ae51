// The images of the review in their order, fetched ahead of the editor, and their pictures, decoded ahead.

import { send } from "../session.js";

const IMAGES_AHEAD = 40;
const TIMEOUT = 20000;
const PICTURES_AHEAD = 8;
const PICTURES_BEHIND = 3;
const PICTURES_KEPT = 14;

export class ImageQueue {
  #address;
  #query;
  #pictures = new Map();
  #loading = { _after: null, _before: null };
  #isComplete = { _after: false, _before: false };
  /** Images as the server told them last, by id. */
  images = new Map();
  /** Whether nobody had decided anything on an image when it was first told of, by id. */
  untouchedAtFirst = new Map();
  order = [];
  /** How many images of the review stand before `order[0]`; null when the first one is none of the review. */
  start = null;

  constructor({ addresses, query, images, current, more, number }, onPicture) {
    this.#address = addresses.items;
    this.#query = query;
    this.onPicture = onPicture;
    this.update(images);
    this.order = images.map((image) => image.id);
    this.start = number === null ? null : number - 1 - this.order.indexOf(current);
    this.#isComplete._after = !more;
    this.#isComplete._before = this.start === 0;
  }

  update(images) {
    for (const image of images) {
      this.images.set(image.id, image);
      if (!this.untouchedAtFirst.has(image.id)) this.untouchedAtFirst.set(image.id, image.untouched);
    }
  }

  get atEnd() {
    return this.#isComplete._after;
  }

  get atStart() {
    return this.#isComplete._before;
  }

  /** Fetches what comes next around the place of `id`; resolves once there is more, or nothing more. */
  async loadAround(id) {
    const at = this.order.indexOf(id);
    const requests = [];
    if (this.order.length - at <= IMAGES_AHEAD) requests.push(this.#loadMore("_after", this.order.at(-1)));
    if (at < PICTURES_BEHIND) requests.push(this.#loadMore("_before", this.order[0]));
    this.#preload(at);
    await Promise.allSettled(requests);
    this.#preload(this.order.indexOf(id));
  }

  /** Fetches more in one direction; who asks while that is under way waits for the same answer. */
  #loadMore(name, id) {
    if (this.#isComplete[name]) return null;
    this.#loading[name] ??= this.#fetch(name, id).finally(() => (this.#loading[name] = null));
    return this.#loading[name];
  }

  async #fetch(name, id) {
    const { images, more } = await load(this.#buildAddress(name, id));
    // What was looked at already stands where it stood, whatever became of it.
    const fresh = images.filter((image) => !this.images.has(image.id));
    this.update(fresh);
    const ids = fresh.map((image) => image.id);
    if (name === "_after") this.order.push(...ids);
    else this.order.unshift(...ids.reverse());
    if (name === "_before" && this.start !== null) this.start = Math.max(0, this.start - ids.length);
    this.#isComplete[name] = !more;
  }

  #buildAddress(name, id) {
    const query = new URLSearchParams(this.#query);
    query.set(name, id);
    return `${this.#address}?${query}`;
  }

  /** The image as the server has it now; its picture's address is signed anew. */
  async reload(id) {
    const { images } = await load(this.#buildAddress("_of", id));
    this.update(images);
    this.#pictures.delete(id);
  }

  /** The element with the picture of this image, which is decoded already when it was near. */
  getPicture(id) {
    const { picture, file } = this.images.get(id);
    const known = this.#pictures.get(id);
    if (known?.dataset.file === file) return known;
    if (!picture.address) return null;
    const element = new Image(picture.width, picture.height);
    element.className = picture.transparent ? "front on-checkerboard" : "front";
    element.id = "front";
    element.dataset.image = id;
    element.dataset.file = file;
    // The frame that shows the next image shows its picture, and no gap before it.
    element.decoding = "sync";
    element.addEventListener("load", () => this.onPicture(id));
    element.addEventListener("error", () => this.onPicture(id, true), { once: true });
    element.src = picture.address;
    this.#pictures.set(id, element);
    element.decode().catch(() => {});
    return element;
  }

  #preload(at) {
    const near = this.order.slice(Math.max(0, at - PICTURES_BEHIND), at + PICTURES_AHEAD + 1);
    // The nearest ones first: they are needed first.
    for (const id of [...near].sort((a, b) => this.#measureDistance(a, at) - this.#measureDistance(b, at))) this.getPicture(id);
    const nearby = new Set(this.order.slice(Math.max(0, at - PICTURES_KEPT), at + PICTURES_KEPT));
    for (const id of this.#pictures.keys()) if (!nearby.has(id)) this.#pictures.delete(id);
  }

  #measureDistance(id, at) {
    const away = this.order.indexOf(id) - at;
    return away < 0 ? 2 * -away : away;
  }
}

async function load(address) {
  const answer = await send(address, { signal: AbortSignal.timeout(TIMEOUT) });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}
