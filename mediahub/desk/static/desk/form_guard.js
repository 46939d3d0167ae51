// Before a form is sent from a page that has been open for a while, asks whether it will be taken: nobody loses what they
// typed to a session that has ended, or to a token that another tab has renewed. What cannot be sent waits in its page
// until the same person is signed in again. What is not asked about here, the server keeps by itself.

import { waitUntilConnected, csrf, getConnection, onConnectionChange, renewSession } from "./session.js";

// Nobody is signed out so soon after the page, or the answer to such a question, has come.
const FRESH_FOR = 60000;
// So long one waits for an answer before the form is sent all the same.
const TIMEOUT = 8000;
const unreachableNote = document.getElementById("unreached");
const checkedForms = new WeakSet();
let pending = null;
let askedAt = performance.now();
let knownToken = readTokenCookie();

/** What a sign-in changes, in whichever tab. */
function readTokenCookie() {
  return document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/)?.[1] ?? "";
}

// Where nobody is signed in, there is no session to end.
const isOwnForm = (form) =>
  document.getElementById("signed-out") &&
  form.getAttribute("method")?.toLowerCase() === "post" &&
  new URL(form.getAttribute("action") ?? "", location.href).origin === location.origin;

const isSurelySignedIn = () => getConnection() === "in" && readTokenCookie() === knownToken && performance.now() - askedAt < FRESH_FOR;

async function checkSession() {
  await Promise.race([renewSession(), new Promise((go) => setTimeout(go, TIMEOUT))]);
  // While a form tells of its being sent, it cannot be sent again.
  await new Promise((go) => setTimeout(go));
}

function submitForm({ form, submitter }) {
  askedAt = performance.now();
  knownToken = readTokenCookie();
  if (!form.isConnected) return;
  // Another tab may have signed in between the answer and now; the cookie that is sent along is the one of this moment.
  for (const input of form.querySelectorAll("[name=csrfmiddlewaretoken]")) input.value = csrf();
  checkedForms.add(form);
  form.requestSubmit(submitter?.isConnected && submitter.form === form ? submitter : null);
  // Where the browser refuses a field, nothing was sent.
  checkedForms.delete(form);
}

function updateNote() {
  if (unreachableNote) unreachableNote.hidden = !(pending && getConnection() === "offline");
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || checkedForms.has(form) || !isOwnForm(form) || (!pending && isSurelySignedIn())) return;
  event.preventDefault();
  const isFirst = pending === null;
  pending = { form, submitter: event.submitter };
  await checkSession();
  updateNote();
  if (!isFirst) return;
  await waitUntilConnected();
  const waiting = pending;
  pending = null;
  updateNote();
  submitForm(waiting);
});

onConnectionChange(updateNote);
