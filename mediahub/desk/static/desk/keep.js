// Before a form is sent, asks whether it will be taken: nobody loses what they typed to a session that has ended, or to
// a token that another tab has renewed. What cannot be sent waits in its page until the same person is signed in again.

import { back, getStanding, onStanding, renew } from "./signed_in.js";

// So long one waits for an answer before the form is sent all the same: the server keeps what it cannot take.
const PATIENCE = 8000;
const note = document.getElementById("unreached");
const passed = new WeakSet();
let pending = null;

const isOurs = (form) =>
  form.getAttribute("method")?.toLowerCase() === "post" &&
  new URL(form.getAttribute("action") ?? "", location.href).origin === location.origin;

function send({ form, submitter }) {
  if (!form.isConnected) return;
  passed.add(form);
  form.requestSubmit(submitter?.isConnected && submitter.form === form ? submitter : null);
  // Where the browser refuses a field, nothing was sent.
  passed.delete(form);
}

async function ask() {
  await Promise.race([renew(), new Promise((go) => setTimeout(go, PATIENCE))]);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (event.defaultPrevented || passed.has(form) || !isOurs(form)) return;
  event.preventDefault();
  const isFirst = pending === null;
  pending = { form, submitter: event.submitter };
  await ask();
  if (!isFirst) return;
  await back();
  const waiting = pending;
  pending = null;
  send(waiting);
});

onStanding((standing) => {
  if (note) note.hidden = !(standing === "offline" && pending);
});
// The standing may have been so before the form was sent.
document.addEventListener("submit", () => {
  if (note) note.hidden = getStanding() !== "offline";
});
