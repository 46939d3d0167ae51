// What is looked at before a file is sent: whether it came with a folder and is no picture, and whether the library has
// it already. What is held waits for the editor; everything else goes on at once.

import { send as post } from "../static/desk/session.js";
import { formatCount, formatText } from "./formatting.js";

// A browser hashes a file only as a whole in memory; larger ones are sent unchecked, and found by “Exact duplicates”.
const MAX_BYTES_HASHED = 64 * 1024 * 1024;
// So many files, or so many bytes, are asked about at once: the first ones are under way while others are read.
const FILES_AT_ONCE = 50;

/**
 * `send(file, meta, again)` hands a file on; `hold(key, name, why, answers)` shows one that waits; `note(text)` says a
 * sentence; `checking(n)` tells how many files are being looked at; `isOwn(upload)` knows what this page sends itself.
 */
export function createFileChecks({ known, words }, { send, hold, drop, note, checking, isOwn }) {
  const seen = new Map();
  const waiting = new Map();
  let queue = Promise.resolve();
  let filesLeft = 0;
  let number = 0;

  async function checkFiles(files) {
    const hashed = [];
    for (const file of files) hashed.push([file, await hashFile(file)]);
    const knownFiles = await askServer(hashed.map(([, sha256]) => sha256).filter(Boolean));
    const newFiles = [];
    for (const [file, sha256] of hashed) {
      const twin = knownFiles[sha256];
      if (twin && !isOwn(twin.upload)) holdFile(file, sha256, { ...twin, text: twin.upload ? words.onItsWay : words.there });
      else if (seen.has(sha256)) holdFile(file, sha256, { text: formatText(words.twice, { name: seen.get(sha256) }) });
      else newFiles.push([file, sha256]);
      if (sha256 && !seen.has(sha256)) seen.set(sha256, file.name);
    }
    send(newFiles);
    filesLeft -= files.length;
    checking(filesLeft);
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

  function holdFile(file, sha256, why) {
    const key = `held-${++number}`;
    const answers = {
      send: () => release(key) && send([[file, sha256]], key),
      leave: () => release(key),
    };
    waiting.set(key, answers);
    hold(key, file.name, why, answers, waiting.size);
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
      const pictures = files.filter((file) => !isLitter(file));
      if (pictures.length < files.length) note(formatText(words.litter, { n: formatCount(files.length - pictures.length) }));
      filesLeft += pictures.length;
      checking(filesLeft);
      for (const part of splitFiles(pictures)) queue = queue.then(() => checkFiles(part)).catch((error) => console.warn(error));
    },
    /** The file with this hash is neither sent nor in the list any more. */
    forget: (sha256) => seen.delete(sha256),
    remember: (sha256, name) => seen.set(sha256, name),
    answerAll: (answer) => [...waiting.values()].forEach((answers) => answers[answer]()),
  };
}

/** A file that came with a folder and is no picture: what systems leave behind, notes, sidecars. */
function isLitter(file) {
  const inFolder = file.relativePath || file.webkitRelativePath;
  return Boolean(inFolder) && (file.name.startsWith(".") || !file.type.startsWith("image/"));
}
