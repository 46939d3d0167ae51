// Asks the server for a signature. The first question about a file brings its ticket: the server chooses the key.

import { sendUntilAnswered } from "../static/desk/session.js";

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
export function createSigner({ url, image, words }, fileOf, onTicket) {
  const pendingRequests = new Map();

  return async function signRequest({ method, key, uploadId, partNumber }) {
    const file = uploadId ? null : fileOf(key);
    const request = file ? { method, ...buildTicketRequest(file), image } : { method, key, uploadId, partNumber };
    const body = JSON.stringify(request);
    // A file that was paused while it waited asks again: the answer to the first question is good for both.
    if (!pendingRequests.has(body)) pendingRequests.set(body, askServer(url, body, words).finally(() => pendingRequests.delete(body)));
    const answer = await pendingRequests.get(body);
    if (file) onTicket(file, answer);
    return answer;
  };
}

function buildTicketRequest({ name, type, size, meta: { batch, sha256, upload } }) {
  return { name, type, size, batch, sha256, upload };
}

async function askServer(url, body, words) {
  const headers = { "Content-Type": "application/json" };
  const answer = await sendUntilAnswered(url, { method: "POST", headers, body });
  const reply = await answer.json().catch(() => ({}));
  if (answer.ok) return reply;
  if (reply.arrived) throw new Arrived(reply.reason, reply.arrived);
  throw new Refused(reply.reason ?? words.broken);
}
