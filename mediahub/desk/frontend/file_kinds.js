// Knows a file by its first bytes, whatever its name or its system says of it. The table of formats and the sentences
// are the server's; it looks at each file again when it has arrived.

import { formatText } from "./formatting.js";

const BYTES = { "Content-Type": "application/octet-stream" };

// As the server reads a text: what is printed, and white space.
const TEXT = /^(?:\P{C}|[\t-\r\x1c-\x1f\x85])*$/u;

/**
 * Makes `identify(file)`, which answers with the `type` of a file that can be sent, or the `reason` why it is not.
 * `ask(address, request)` sends a request to the server, for a file of which the first bytes do not tell enough.
 */
export function createIdentifier({ kinds, identify: address, words }, ask) {
  const compile = (rows) => rows.map((row) => ({ ...row, magic: new RegExp(`^(?:${row.pattern})`, row.flags) }));
  const inputs = compile(kinds.inputs);
  const others = compile(kinds.others);

  return async function identify(file) {
    if (!file.size) return { reason: kinds.empty };
    let bytes;
    try {
      bytes = new Uint8Array(await file.slice(0, kinds.headBytes).arrayBuffer());
    } catch {
      return { reason: formatText(words.unreadable, { name: file.name }) };
    }
    // One character for each byte.
    const head = String.fromCharCode(...bytes);
    const input = inputs.find(({ magic }) => magic.test(head));
    if (!input) return { reason: others.find(({ magic }) => magic.test(head))?.reason ?? explainOther(bytes) };
    if (file.size > input.maxBytes) {
      return { reason: formatText(input.tooLarge, { size: Math.ceil(file.size / 1e6) }) };
    }
    const reason = input.askedBytes ? await askServer(file.slice(0, input.askedBytes)) : "";
    return reason ? { reason } : { type: input.type };
  };

  /** Raw files of cameras begin as pictures do. */
  async function askServer(beginning) {
    try {
      const answer = await ask(address, { method: "POST", headers: BYTES, body: beginning });
      return answer.ok ? (await answer.json()).reason : "";
    } catch {
      // The file is looked at again when it has arrived.
      return "";
    }
  }

  function explainOther(bytes) {
    return isText(bytes, bytes.length === kinds.headBytes) ? kinds.text : kinds.unknown;
  }
}

function isText(bytes, isCutOff) {
  try {
    return TEXT.test(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCutOff }));
  } catch {
    return false;
  }
}
