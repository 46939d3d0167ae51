// What is looked at before a file is sent: whether it came with a folder and is no picture, and whether the library has
// it already. What is held waits for the editor; everything else goes on at once.

import { send as post } from "../static/desk/signed_in.js";
import { count, fill } from "./numbers.js";

// A browser hashes a file only as a whole in memory; larger ones are sent unchecked, and found by “same file twice”.
const LARGEST = 64 * 1024 * 1024;
// So many files, or so many bytes, are asked about at once: the first ones are under way while others are read.
const TOGETHER = 50;

/**
 * `send(file, meta, again)` hands a file on; `hold(key, name, why, answers)` shows one that waits; `note(text)` says a
 * sentence; `checking(n)` tells how many files are being looked at; `isOwn(upload)` knows what this page sends itself.
 */
export function gate({ known, words }, { send, hold, drop, note, checking, isOwn }) {
  const seen = new Map();
  const waiting = new Map();
  let line = Promise.resolve();
  let left = 0;
  let number = 0;

  async function look(files) {
    const found = [];
    for (const file of files) found.push([file, await hash(file)]);
    const there = await ask(found.map(([, sha256]) => sha256).filter(Boolean));
    const free = [];
    for (const [file, sha256] of found) {
      const twin = there[sha256];
      if (twin && !isOwn(twin.upload)) wait(file, sha256, { ...twin, text: twin.upload ? words.onItsWay : words.there });
      else if (seen.has(sha256)) wait(file, sha256, { text: fill(words.twice, { name: seen.get(sha256) }) });
      else free.push([file, sha256]);
      if (sha256 && !seen.has(sha256)) seen.set(sha256, file.name);
    }
    send(free);
    left -= files.length;
    checking(left);
  }

  async function hash(file) {
    // Only an address that begins with https, or this very machine, may hash.
    if (!globalThis.crypto?.subtle || file.size > LARGEST) return "";
    try {
      const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } catch {
      // What cannot be read says so when it is sent.
      return "";
    }
  }

  async function ask(hashes) {
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

  function wait(file, sha256, why) {
    const key = `held-${++number}`;
    const answers = {
      send: () => end(key) && send([[file, sha256]], key),
      leave: () => end(key),
    };
    waiting.set(key, answers);
    hold(key, file.name, why, answers, waiting.size);
  }

  function end(key) {
    if (!waiting.delete(key)) return false;
    drop(key, waiting.size);
    return true;
  }

  function parts(files) {
    const made = [[]];
    let size = 0;
    for (const file of files) {
      if (made.at(-1).length === TOGETHER || size > LARGEST) {
        made.push([]);
        size = 0;
      }
      made.at(-1).push(file);
      size += file.size;
    }
    return made;
  }

  return {
    take(files) {
      const wanted = files.filter((file) => !isLitter(file));
      if (wanted.length < files.length) note(fill(words.litter, { n: count(files.length - wanted.length) }));
      left += wanted.length;
      checking(left);
      for (const part of parts(wanted)) line = line.then(() => look(part)).catch((error) => console.warn(error));
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
