// Who is signed in, with which token, and whether the server answers: asked in one place for all scripts of a page.

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;
const TIMEOUT = 30000;
// What was asked this short a time ago is not asked again because somebody looks at the page.
const FRESH_FOR = 15000;

const signedOutNote = document.getElementById("signed-out");
const user = signedOutNote?.dataset.user ?? "";
const listeners = new Set();
let connection = "in";
let token = "";
let renewal = null;
let askedAt = performance.now();
let timer = null;
let wait = FIRST_WAIT;
let waitingForConnection = [];

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
export const getConnection = () => connection;

/** `listener(standing)` hears of each change. */
export const onConnectionChange = (listener) => listeners.add(listener);

/** Resolves as soon as the page may send again. */
export const waitUntilConnected = () => (connection === "in" ? Promise.resolve() : new Promise((go) => waitingForConnection.push(go)));

function setConnection(next) {
  if (next === "in") clearTimeout(timer);
  else scheduleRenewal();
  if (next === connection) return;
  connection = next;
  if (signedOutNote) {
    signedOutNote.hidden = !["signedOut", "other"].includes(next);
    for (const said of signedOutNote.querySelectorAll("[data-said]")) said.hidden = said.dataset.said !== next;
  }
  for (const listener of listeners) listener(next);
  if (next !== "in") return;
  for (const go of waitingForConnection.splice(0)) go();
}

function scheduleRenewal() {
  clearTimeout(timer);
  // Many editors lose one server at the same moment; they shall not come back at the same moment.
  timer = setTimeout(renewSession, wait * (0.75 + Math.random() / 2));
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

/** Asks who is signed in, and takes over the token. */
export function renewSession() {
  renewal ??= askServer().finally(() => (renewal = null));
  return renewal;
}

async function askServer() {
  if (!signedOutNote) return;
  askedAt = performance.now();
  try {
    const options = { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) };
    const answer = await fetch(signedOutNote.dataset.session, options);
    if (!answer.ok) throw new Error(`${answer.status}`);
    const now = await answer.json();
    if (now.user === null) {
      setConnection("signedOut");
      return;
    }
    token = now.token;
    // A form of this page that is sent without a script needs it too.
    for (const input of document.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = token;
    setConnection(String(now.user) === user ? "in" : "other");
  } catch {
    setConnection("offline");
  }
}

/**
 * Fetches like `fetch`, in the name of the person whom this page belongs to. Throws Waiting where the server cannot be
 * reached or somebody has to sign in first; every other answer is the server's own.
 */
export async function send(address, options = {}) {
  let answer = await attempt(address, options);
  if (isTurnedAway(answer)) {
    await renewSession();
    if (connection !== "in") throw new Waiting(connection);
    // The same person is signed in: the token was old, or the refusal is meant.
    answer = await attempt(address, options);
    if (isTurnedAway(answer)) return answer;
  }
  wait = FIRST_WAIT;
  setConnection("in");
  return answer;
}

/** Sends until there is an answer, however long the connection or the session is away. */
export async function sendUntilAnswered(address, options = {}) {
  for (;;) {
    try {
      return await send(address, options);
    } catch (error) {
      if (!(error instanceof Waiting)) throw error;
      await waitUntilConnected();
    }
  }
}

async function attempt(address, options) {
  const headers = { Accept: "application/json", ...options.headers, "X-Desk-User": user, "X-CSRFToken": csrf() };
  const signal = options.signal ?? AbortSignal.timeout(TIMEOUT);
  try {
    return await fetch(address, { credentials: "same-origin", ...options, headers, signal });
  } catch {
    setConnection("offline");
    throw new Waiting("offline");
  }
}

function isTurnedAway(answer) {
  const signIn = signedOutNote?.querySelector("a").pathname;
  return [401, 403].includes(answer.status) || (answer.redirected && new URL(answer.url).pathname === signIn);
}

addEventListener("online", renewSession);
addEventListener("offline", () => setConnection("offline"));
addEventListener("focus", renewIfStale);
document.addEventListener("visibilitychange", () => document.hidden || renewIfStale());

function renewIfStale() {
  if (connection !== "in" || performance.now() - askedAt > FRESH_FOR) renewSession();
}

/** The document at an address of the desk; an Error where it is not answered with one. */
export async function fetchPage(address) {
  const answer = await send(address, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
