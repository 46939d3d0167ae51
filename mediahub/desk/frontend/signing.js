// Asks the server for a signature. The first question about a file brings its ticket: the server chooses the key.

import { insist } from "../static/desk/signed_in.js";

/** The server has said no, in a sentence; sending again is of no use before something was changed. */
export class Refused extends Error {}

/** The file has arrived already, as the upload with this id. */
export class Arrived extends Error {
  constructor(message, upload) {
    super(message);
    this.upload = upload;
  }
}

/**
 * Makes Uppy's `signRequest`; `fileOf(key)` finds the file by the key that Uppy proposed for it. It answers when the
 * server does: while the connection or the session is away, the file waits.
 */
export function signer({ url, image, words }, fileOf, onTicket) {
  const asked = new Map();

  return async function signRequest({ method, key, uploadId, partNumber }) {
    const file = uploadId ? null : fileOf(key);
    const wish = file ? { method, ...wishOf(file), image } : { method, key, uploadId, partNumber };
    const body = JSON.stringify(wish);
    // A file that was paused while it waited asks again: the answer to the first question is good for both.
    if (!asked.has(body)) asked.set(body, ask(url, body, words).finally(() => asked.delete(body)));
    const answer = await asked.get(body);
    if (file) onTicket(file, answer);
    return answer;
  };
}

function wishOf({ name, type, size, meta: { batch, sha256, upload } }) {
  return { name, type, size, batch, sha256, upload };
}

async function ask(url, body, words) {
  const headers = { "Content-Type": "application/json" };
  const answer = await insist(url, { method: "POST", headers, body });
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  if (said.arrived) throw new Arrived(said.reason, said.arrived);
  throw new Refused(said.reason ?? words.broken);
}
