// Files whose sending broke off and whose bytes the browser no longer has: chosen again, they go on where they were.

import { fill } from "./numbers.js";

/** `take(files)` gets what the editor chooses again. */
export function lostFiles(list, { lost: words, checks }, take) {
  const lost = new Map();

  function choose() {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.addEventListener("change", () => take([...input.files]));
    input.click();
  }

  function leave(key) {
    lost.delete(key);
    list.forget(key);
  }

  /** `file` has a name and a size, and what is known of it: upload, batch, sha256, s3Multipart. */
  function add(file) {
    const key = file.upload ?? file.id;
    lost.set(key, file);
    list.lost(key, file.name, words.reason, [
      [words.choose, fill(words.chooseOne, { name: file.name }), choose],
      [checks.leave, fill(checks.leaveOne, { name: file.name }), () => leave(key)],
    ]);
  }

  return {
    add,
    drop: leave,
    /** Of uploads as the server tells them, those whose file has not arrived. */
    addAll(uploads) {
      for (const upload of uploads) {
        if (!upload.arrived && !upload.ended) add({ ...upload, upload: upload.id, size: upload.bytes });
      }
    },
    /** The lost file that this one is, which is lost no more. */
    take(file, sha256) {
      const isSame = (one) =>
        one.name === file.name && one.size === file.size && (!one.sha256 || !sha256 || one.sha256 === sha256);
      const found = [...lost].find(([, one]) => isSame(one));
      if (!found) return null;
      leave(found[0]);
      return found[1];
    },
  };
}
