// Brings each file to its end: what broke off is sent again by itself, what has arrived is not sent twice.

import { waitUntilConnected, sendUntilAnswered, onConnectionChange } from "../static/desk/session.js";
import { formatText } from "./formatting.js";
import { Arrived, Refused } from "./signing.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const AT_ONCE = 200;
const PRECONDITION_FAILED = 412;

/**
 * Follows what fails in `uppy`. `uploadOf(file)` is the id of the file's upload, if it has one; `show(file, state,
 * reason)` tells of it, `arrived(file, upload)` hears that the server has it.
 */
export function retryFailedFiles(uppy, { status, words }, { uploadOf, show, arrived }) {
  const waits = new Map();
  const restarted = new Set();

  uppy.on("upload-error", async (file, error) => {
    if (error instanceof Arrived) return arrived(file, error.upload);
    // The parts were put together before, and only the answer was lost.
    if (error.status === PRECONDITION_FAILED) return arrived(file, uploadOf(file));
    // An upload in parts may be refused because it is at its end, or because its ticket is.
    const isInParts = Boolean(uppy.getFile(file.id)?.s3Multipart);
    if (error instanceof Refused && !isInParts) return show(file, "refused", error.message);
    show(file, "waiting", words.unreachable);
    const upload = uploadOf(file);
    const states = upload ? await askStates([upload]) : new Map();
    if (!uppy.getFile(file.id)) return null;
    if (states.get(upload)?.arrived) return arrived(file, upload);
    if (!(await isReadable(file))) return show(file, "refused", formatText(words.unreadable, { name: file.name }));
    return isTemporary(error) && !(error instanceof Refused) ? retryLater(file) : restart(file, error);
  });
  uppy.on("upload-success", ({ id }) => {
    waits.delete(id);
    restarted.delete(id);
  });
  uppy.on("file-removed", ({ id }) => waits.delete(id));

  /** Once more, after a while that grows, and not before the server can be reached. */
  async function retryLater(file) {
    const wait = waits.get(file.id) ?? FIRST_WAIT;
    waits.set(file.id, Math.min(2 * wait, LONGEST_WAIT));
    await new Promise((go) => setTimeout(go, wait * (0.75 + Math.random() / 2)));
    await waitUntilConnected();
    retry(file.id);
  }

  /** The store says no: its signature was too old, or it knows nothing of the parts. A new ticket helps, once. */
  function restart(file, error) {
    if (restarted.has(file.id)) {
      const reason = error instanceof Refused ? error.message : formatText(words.storeRefused, { error: error.message });
      return show(file, "refused", reason);
    }
    restarted.add(file.id);
    uppy.setFileState(file.id, { s3Multipart: undefined });
    return retry(file.id);
  }

  function retry(id) {
    const file = uppy.getFile(id);
    // Somebody has retried or removed it meanwhile.
    if (file?.error) uppy.retryUpload(id).catch((error) => uppy.log(error, "warning"));
  }

  /** What the server knows of these uploads, by their ids. */
  async function askStates(ids) {
    const states = new Map();
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const answer = await sendUntilAnswered(`${status}?ids=${ids.slice(at, at + AT_ONCE).join(",")}`);
      const { uploads = [] } = answer.ok ? await answer.json() : {};
      for (const upload of uploads) states.set(upload.id, upload);
    }
    return states;
  }

  return { ask: askStates };
}

/** That the same request may well succeed in a while: the line broke, or the store has too much to do. */
function isTemporary({ status }) {
  return status === undefined || status >= 500 || status === 429;
}

/** That the browser still reaches the bytes: a file that was moved or changed on the disk never gets through. */
async function isReadable({ data }) {
  try {
    await data.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Says in `element` why nothing is sent at the moment, while something is to be sent. */
export function explainPause(element, words, isSending) {
  onConnectionChange((standing) => {
    const why = { offline: words.offline, signedOut: words.signedOut, other: words.signedOut }[standing];
    element.hidden = !why || !isSending();
    element.textContent = why ?? "";
  });
}
