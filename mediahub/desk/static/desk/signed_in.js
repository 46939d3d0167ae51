// Who is signed in, with which token, and whether the server answers: asked in one place for all scripts of a page.

const FIRST = 1000;
const LONGEST = 15000;
const PATIENCE = 30000;
// What was asked this short a time ago is not asked again because somebody looks at the page.
const FRESH = 15000;

const note = document.getElementById("signed-out");
const user = note?.dataset.user ?? "";
const listeners = new Set();
let standing = "in";
let token = "";
let asking = null;
let askedAt = performance.now();
let timer = null;
let wait = FIRST;
let waiting = [];

/** The request was not done and may be sent again later: `why` is "offline", "signedOut" or "other". */
export class Waiting extends Error {
  constructor(why) {
    super(why);
    this.name = "Waiting";
    this.why = why;
  }
}

/** The token that forms need now: signing in in another tab renews it. */
export function csrf() {
  const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
  return cookie ? cookie[1] : token || (document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "");
}

/** "in" while this page's person is signed in and the server answers; else "offline", "signedOut" or "other". */
export const getStanding = () => standing;

/** `listener(standing)` hears of each change. */
export const onStanding = (listener) => listeners.add(listener);

/** Resolves as soon as the page may send again. */
export const back = () => (standing === "in" ? Promise.resolve() : new Promise((go) => waiting.push(go)));

function become(next) {
  if (next === "in") clearTimeout(timer);
  else schedule();
  if (next === standing) return;
  standing = next;
  if (note) {
    note.hidden = !["signedOut", "other"].includes(next);
    for (const said of note.querySelectorAll("[data-said]")) said.hidden = said.dataset.said !== next;
  }
  for (const listener of listeners) listener(next);
  if (next !== "in") return;
  for (const go of waiting.splice(0)) go();
}

function schedule() {
  clearTimeout(timer);
  // Many editors lose one server at the same moment; they shall not come back at the same moment.
  timer = setTimeout(renew, wait * (0.75 + Math.random() / 2));
  wait = Math.min(wait * 2, LONGEST);
}

/** Asks who is signed in, and takes over the token. */
export function renew() {
  asking ??= ask().finally(() => (asking = null));
  return asking;
}

async function ask() {
  if (!note) return;
  askedAt = performance.now();
  try {
    const options = { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
    const answer = await fetch(note.dataset.session, options);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const now = await answer.json();
    if (now.user === null) {
      become("signedOut");
      return;
    }
    token = now.token;
    // A form of this page that is sent without a script needs it too.
    for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
    become(String(now.user) === user ? "in" : "other");
  } catch {
    become("offline");
  }
}

/**
 * Fetches like `fetch`, in the name of the person whom this page belongs to. Throws Waiting where the server cannot be
 * reached or somebody has to sign in first; every other answer is the server's own.
 */
export async function send(address, options = {}) {
  let answer = await attempt(address, options);
  if (isTurnedAway(answer)) {
    await renew();
    if (standing !== "in") throw new Waiting(standing);
    // The same person is signed in: the token was old, or the refusal is meant.
    answer = await attempt(address, options);
    if (isTurnedAway(answer)) return answer;
  }
  wait = FIRST;
  become("in");
  return answer;
}

/** Sends until there is an answer, however long the connection or the session is away. */
export async function insist(address, options = {}) {
  for (;;) {
    try {
      return await send(address, options);
    } catch (error) {
      if (!(error instanceof Waiting)) throw error;
      await back();
    }
  }
}

async function attempt(address, options) {
  const headers = { Accept: "application/json", ...options.headers, "X-Desk-User": user, "X-CSRFToken": csrf() };
  const signal = options.signal ?? AbortSignal.timeout(PATIENCE);
  try {
    return await fetch(address, { credentials: "same-origin", ...options, headers, signal });
  } catch {
    become("offline");
    throw new Waiting("offline");
  }
}

function isTurnedAway(answer) {
  const signIn = note?.querySelector("a").pathname;
  return [401, 403].includes(answer.status) || (answer.redirected && new URL(answer.url).pathname === signIn);
}

addEventListener("online", renew);
addEventListener("offline", () => become("offline"));
addEventListener("focus", look);
document.addEventListener("visibilitychange", () => document.hidden || look());

function look() {
  if (standing !== "in" || performance.now() - askedAt > FRESH) renew();
}
