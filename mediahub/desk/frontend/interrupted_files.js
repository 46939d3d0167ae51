// Files whose sending broke off and whose bytes the browser no longer has: chosen again, they go on where they were.

import { formatText } from "./formatting.js";

// The server composes what some systems write in parts: "é" is one letter or two.
const normalize = (name) => name.normalize("NFC");

/** `take(files)` gets what the editor chooses again. */
export function createInterruptedFiles(list, { lost: words, checks }, take) {
  const files = new Map();

  function chooseFiles() {
    const input = Object.assign(document.createElement("input"), { type: "file", multiple: true });
    input.addEventListener("change", () => take([...input.files]));
    input.click();
  }

  function dropFile(key) {
    files.delete(key);
    list.remove(key);
  }

  /** `file` has a name and a size, and what is known of it: upload, batch, sha256, s3Multipart. */
  function addFile(file) {
    const key = file.upload ?? file.id;
    files.set(key, file);
    list.showInterrupted(key, file.name, words.reason, [
      [words.choose, formatText(words.chooseOne, { name: file.name }), chooseFiles],
      [checks.leave, formatText(checks.leaveOne, { name: file.name }), () => dropFile(key)],
    ]);
  }

  return {
    add: addFile,
    drop: dropFile,
    /** Of uploads as the server tells them, those whose file has not arrived. */
    addAll(uploads) {
      for (const upload of uploads) {
        if (!upload.arrived && !upload.ended) addFile({ ...upload, upload: upload.id, size: upload.bytes });
      }
    },
    /** The lost file that this one is, which is lost no more. */
    take(file, sha256) {
      const isSame = (one) =>
        normalize(one.name) === normalize(file.name) && one.size === file.size && (!one.sha256 || !sha256 || one.sha256 === sha256);
      const match = [...files].find(([, one]) => isSame(one));
      if (!match) return null;
      dropFile(match[0]);
      return match[1];
    },
  };
}
