// Acts on their way to the server: in order, kept over a reload, sent again until they are answered, never done twice.

import { Waiting, onConnectionChange, send } from "../session.js";

const AT_ONCE = 20;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;
const TIMEOUT = 30000;
// What a browser still sends while the page goes away.
const MAX_KEEPALIVE_BYTES = 60000;

/** An id that no other act has; also where the page is not served over HTTPS. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class ActionQueue {
  #key;
  #address;
  #onChange;
  #wait = FIRST_WAIT;
  #timer = null;
  #busy = false;
  acts;
  /** Why nothing is sent at the moment: "" or "offline" or "signedOut" or "other". */
  trouble = "";

  /** `told({ done, refused, images })` hears of every answer, and, with nothing in it, of every change of the queue. */
  constructor(address, user, told) {
    this.#address = address;
    // Who signs in next in this tab must not send what another has done.
    this.#key = `review-acts-${user}`;
    this.#onChange = told;
    this.acts = readStored(this.#key) ?? [];
    addEventListener("online", () => this.#sendSoon());
    addEventListener("focus", () => this.#sendSoon());
    onConnectionChange((standing) => standing === "in" && this.#sendSoon());
    addEventListener("pagehide", () => this.#sendBeforeLeaving());
    addEventListener("pageshow", () => this.#sendSoon());
    if (this.acts.length) this.#send();
  }

  listActionsOn(image) {
    return this.acts.filter((act) => act.image === image);
  }

  add(act) {
    this.acts.push(act);
    this.#store();
    this.#send();
  }

  #store() {
    store(this.#key, this.acts);
    this.#onChange({ done: [], refused: [], images: [] });
  }

  #sendSoon() {
    if (!this.acts.length) return;
    this.#wait = FIRST_WAIT;
    this.#send();
  }

  #sendLater() {
    clearTimeout(this.#timer);
    // Many editors lose one server at the same moment; they shall not come back at the same moment.
    this.#timer = setTimeout(() => this.#send(), this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  async #send() {
    if (this.#busy || !this.acts.length) return;
    clearTimeout(this.#timer);
    this.#busy = true;
    const answer = await this.#askServer(this.acts.slice(0, AT_ONCE));
    this.#busy = false;
    if (answer) this.#handleAnswer(answer);
    else this.#store();
    if (!this.acts.length) return;
    if (answer) this.#send();
    else this.#sendLater();
  }

  /** The server's answer; null when the acts have to be sent again. */
  async #askServer(acts) {
    try {
      const answer = await send(this.#address, { ...buildRequest(acts), signal: AbortSignal.timeout(TIMEOUT) });
      const body = await answer.json().catch(() => null);
      if (answer.ok && body?.acts?.length) {
        this.trouble = "";
        this.#wait = FIRST_WAIT;
        return body;
      }
      // Nothing is thrown away because a session has ended, or because a form's token was renewed.
      this.trouble = answer.status === 403 ? "signedOut" : "offline";
    } catch (error) {
      this.trouble = error instanceof Waiting ? error.why : "offline";
    }
    return null;
  }

  #handleAnswer({ acts: results, images }) {
    const answered = new Map(results.map((result) => [result.id, result]));
    const answeredActions = this.acts.filter((act) => answered.has(act.id));
    this.acts = this.acts.filter((act) => !answered.has(act.id));
    store(this.#key, this.acts);
    const refused = answeredActions.filter((act) => !answered.get(act.id).done);
    this.#onChange({
      done: answeredActions.filter((act) => answered.get(act.id).done),
      refused: refused.map((act) => ({ act, reason: answered.get(act.id).reason })),
      images,
    });
  }

  #sendBeforeLeaving() {
    const sent = buildRequest(this.acts.slice(0, AT_ONCE));
    if (this.acts.length && sent.body.length < MAX_KEEPALIVE_BYTES) {
      send(this.#address, { ...sent, keepalive: true }).catch(() => {});
    }
  }
}

function buildRequest(acts) {
  // What is for this page alone stays here.
  const sent = acts.map(({ title: _title, inverse: _inverse, ...act }) => act);
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ acts: sent }),
  };
}

export function readStored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

export function store(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch (error) {
    // A full store: the acts are still in the page, and the page warns before it goes.
    console.warn(error);
  }
}
