// Before a form is sent from a page that has been open for a while, asks whether it will be taken: nobody loses what they
// typed to a session that has ended, or to a token that another tab has renewed. What cannot be sent waits in its page
// until the same person is signed in again. What is not asked about here, the server keeps by itself.

import { back, csrf, getStanding, onStanding, renew } from "./signed_in.js";

// Nobody is signed out so soon after the page, or the answer to such a question, has come.
const FRESH = 60000;
// So long one waits for an answer before the form is sent all the same.
const PATIENCE = 8000;
const note = document.getElementById("unreached");
const passed = new WeakSet();
let pending = null;
let askedAt = performance.now();
let cookie = secret();

/** What a sign-in changes, in whichever tab. */
function secret() {
  return document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? "";
}

// Where nobody is signed in, there is no session to end.
const isOurs = (form) =>
  document.getElementById("signed-out") &&
  form.getAttribute("method")?.toLowerCase() === "post" &&
  new URL(form.getAttribute("action") ?? "", location.href).origin === location.origin;

const isSure = () => getStanding() === "in" && secret() === cookie && performance.now() - askedAt < FRESH;

async function ask() {
  await Promise.race([renew(), new Promise((go) => setTimeout(go, PATIENCE))]);
  // While a form tells of its being sent, it cannot be sent again.
  await new Promise((go) => setTimeout(go));
}

function send({ form, submitter }) {
  askedAt = performance.now();
  cookie = secret();
  if (!form.isConnected) return;
  // Another tab may have signed in between the answer and now; the cookie that is sent along is the one of this moment.
  for (const input of form.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = csrf();
  passed.add(form);
  form.requestSubmit(submitter?.isConnected && submitter.form === form ? submitter : null);
  // Where the browser refuses a field, nothing was sent.
  passed.delete(form);
}

function tell() {
  if (note) note.hidden = !(pending && getStanding() === "offline");
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || passed.has(form) || !isOurs(form) || (!pending && isSure())) return;
  event.preventDefault();
  const isFirst = pending === null;
  pending = { form, submitter: event.submitter };
  await ask();
  tell();
  if (!isFirst) return;
  await back();
  const waiting = pending;
  pending = null;
  tell();
  send(waiting);
});

onStanding(tell);
