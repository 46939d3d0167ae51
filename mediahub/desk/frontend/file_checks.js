// What is looked at before a file is sent: whether a system left it beside pictures, whether its bytes are a picture's,
// and whether the library has it already. What is held waits for the editor; everything else goes on at once.

import { send as post } from "../static/desk/session.js";
import { createIdentifier } from "./file_kinds.js";
import { formatCount, formatText } from "./formatting.js";

// A browser hashes a file only as a whole in memory; larger ones are sent unchecked, and found by “Exact duplicates”.
const MAX_BYTES_HASHED = 64 * 1024 * 1024;
// So many files, or so many bytes, are asked about at once: the first ones are under way while others are read.
const FILES_AT_ONCE = 50;

/**
 * `send([file, sha256, type][])` hands files on; `hold(key, name, why, answers)` shows one that waits, and
 * `refuse(key, name, reason)` one that is not sent; `note(text)` says a sentence; `checking(n)` tells how many files are
 * being looked at; `isOwn(upload)` knows what this page sends itself.
 */
export function createFileChecks(page, { send, hold, drop, refuse, note, checking, isOwn }) {
  const { known, kinds } = page;
  const words = page.words.checks;
  const identify = createIdentifier(page, post);
  const systemFile = new RegExp(kinds.systemFiles.pattern, kinds.systemFiles.flags);
  const seen = new Map();
  const waiting = new Map();
  let queue = Promise.resolve();
  let filesLeft = 0;
  let number = 0;

  async function checkFiles(files, refusedFromFolder) {
    const hashed = [];
    for (const file of files) {
      const { type, reason } = await identify(file);
      if (type) hashed.push([file, await hashFile(file), type]);
      else refuseFile(file, reason, refusedFromFolder);
    }
    const knownFiles = await askServer(hashed.map(([, sha256]) => sha256).filter(Boolean));
    const newFiles = [];
    for (const entry of hashed) {
      const [file, sha256] = entry;
      const twin = knownFiles[sha256];
      if (twin && !isOwn(twin.upload)) holdFile(entry, { ...twin, text: twin.upload ? words.onItsWay : words.there });
      else if (seen.has(sha256)) holdFile(entry, { text: formatText(words.twice, { name: seen.get(sha256) }) });
      else newFiles.push(entry);
      if (sha256 && !seen.has(sha256)) seen.set(sha256, file.name);
    }
    send(newFiles);
    filesLeft -= files.length;
    checking(filesLeft);
  }

  /** Files of a folder that are refused for the same reason share a row. */
  function refuseFile(file, reason, refusedFromFolder) {
    if (!getFolderPath(file)) return refuse(`refused-${file.name}-${file.size}`, file.name, reason);
    const row = refusedFromFolder.get(reason) ?? { key: `refused-${++number}`, name: file.name, files: 0 };
    refusedFromFolder.set(reason, { ...row, files: row.files + 1 });
    const others = { name: row.name, n: formatCount(row.files) };
    return refuse(row.key, row.files ? formatText(words.several, others) : row.name, reason);
  }

  async function hashFile(file) {
    // Only an address that begins with https, or this very machine, may hash.
    if (!globalThis.crypto?.subtle || file.size > MAX_BYTES_HASHED) return "";
    try {
      const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } catch {
      // What cannot be read says so when it is sent.
      return "";
    }
  }

  async function askServer(hashes) {
    if (!hashes.length) return {};
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await post(known, { method: "POST", headers, body: JSON.stringify({ hashes }) });
      return answer.ok ? (await answer.json()).known : {};
    } catch {
      // The signature is asked for at the same place, and says what is wrong.
      return {};
    }
  }

  function holdFile(entry, why) {
    const key = `held-${++number}`;
    const answers = {
      send: () => release(key) && send([entry], key),
      leave: () => release(key),
    };
    waiting.set(key, answers);
    hold(key, entry[0].name, why, answers, waiting.size);
  }

  function release(key) {
    if (!waiting.delete(key)) return false;
    drop(key, waiting.size);
    return true;
  }

  function splitFiles(files) {
    const chunks = [[]];
    let size = 0;
    for (const file of files) {
      if (chunks.at(-1).length === FILES_AT_ONCE || size > MAX_BYTES_HASHED) {
        chunks.push([]);
        size = 0;
      }
      chunks.at(-1).push(file);
      size += file.size;
    }
    return chunks;
  }

  return {
    check(files) {
      const wanted = files.filter((file) => !systemFile.test(getFolderPath(file) || file.name));
      if (wanted.length < files.length) note(formatText(words.skipped, { n: formatCount(files.length - wanted.length) }));
      filesLeft += wanted.length;
      checking(filesLeft);
      const refusedFromFolder = new Map();
      for (const part of splitFiles(wanted)) {
        queue = queue.then(() => checkFiles(part, refusedFromFolder)).catch((error) => console.warn(error));
      }
    },
    /** The file with this hash is neither sent nor in the list any more. */
    forget: (sha256) => seen.delete(sha256),
    remember: (sha256, name) => seen.set(sha256, name),
    answerAll: (answer) => [...waiting.values()].forEach((answers) => answers[answer]()),
  };
}

/** Where a file lies in the folder with which it came; empty for one that came by itself. */
export function getFolderPath(file) {
  return file.relativePath || file.webkitRelativePath || "";
}
