// The list under the drop zone: what became of each file, from the browser to the finished image.

import { loadJson, poll } from "../static/desk/polling.js";

const AT_ONCE = 200;
const ANNOUNCE_INTERVAL = 15_000;

/** Says things to a screen reader: at once what is urgent, the rest at most every 15 s, and then the newest only. */
function createAnnouncer(element) {
  let timer = null;
  let newest = "";
  let at = -ANNOUNCE_INTERVAL;

  function speak() {
    clearTimeout(timer);
    timer = null;
    at = performance.now();
    element.textContent = newest;
  }

  return (text, now = false) => {
    newest = text;
    if (now) speak();
    else timer ??= setTimeout(speak, Math.max(0, at + ANNOUNCE_INTERVAL - performance.now()));
  };
}

/** One row a file. Rows are known by Uppy's file id until the server has given the upload an id of its own. */
export function createUploadList(list, { status, words }, onShow = () => {}) {
  const template = document.getElementById("arrival");
  const summary = document.getElementById("summary");
  const announce = createAnnouncer(document.getElementById("announced"));
  const rows = new Map();
  const openUploads = new Set();
  let summaryTimer = null;

  function getRow(id, name) {
    if (!rows.has(id)) {
      const element = template.content.firstElementChild.cloneNode(true);
      element.querySelector("[data-name]").textContent = name;
      list.prepend(element);
      rows.set(id, { element, label: "", tone: "" });
    }
    return rows.get(id);
  }

  function setChip(entry, label, tone, reason = "") {
    const element = entry.element.querySelector("[data-chip]");
    const changed = entry.label !== label;
    Object.assign(entry, { label, tone });
    element.textContent = label;
    element.className = `chip chip-${tone}`;
    entry.element.querySelector("[data-reason]").textContent = reason;
    entry.element.querySelector("[data-progress]").hidden = true;
    return changed;
  }

  function setButtons(entry, found) {
    entry.element.querySelector("[data-answers]").replaceChildren(
      ...found.map(([text, label, answer]) => {
        const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
        button.setAttribute("aria-label", label);
        button.addEventListener("click", answer);
        return button;
      }),
    );
  }

  function setPicture(entry, { address, placeholder, transparent, width, height }) {
    const [behind, front] = entry.element.querySelectorAll("[data-picture] img");
    if (placeholder) behind.src = placeholder;
    if (!address || front.getAttribute("src") === address) return;
    if (width) Object.assign(front, { width, height });
    front.classList.toggle("on-checkerboard", transparent);
    front.src = address;
  }

  function setLinks(entry, found) {
    const place = entry.element.querySelector("[data-links]");
    place.replaceChildren(
      ...found.map(({ text, href, label }) => {
        const link = document.createElement("a");
        Object.assign(link, { textContent: text, href });
        if (label) link.setAttribute("aria-label", label);
        return link;
      }),
    );
  }

  /** Counts by state, in the server's words, once for all that changes at one time. */
  function updateSummary() {
    summaryTimer ??= setTimeout(() => {
      summaryTimer = null;
      const counts = new Map();
      for (const { label } of rows.values()) counts.set(label, (counts.get(label) ?? 0) + 1);
      const ordered = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
      const text = ordered.map(([label, n]) => `${n} ${label}`).join(" · ");
      list.closest("[data-arrivals]").hidden = rows.size === 0;
      if (summary.textContent === text) return;
      summary.textContent = text;
      announce(text);
    });
  }

  function showUpload(upload) {
    const entry = getRow(upload.id, upload.name);
    entry.element.querySelector("[data-name]").textContent = upload.name;
    if (upload.picture) setPicture(entry, upload.picture);
    setLinks(entry, upload.links);
    onShow(upload);
    if (entry.isLost && (upload.arrived || upload.ended)) {
      entry.isLost = false;
      setButtons(entry, []);
    }
    if (upload.ended) openUploads.delete(upload.id);
    else openUploads.add(upload.id);
    if (entry.isLost) return false;
    return setChip(entry, upload.label, upload.tone, upload.reason);
  }

  const poller = poll(async () => {
    const asked = [...openUploads].slice(0, AT_ONCE);
    if (!asked.length) return null;
    const { uploads } = await loadJson(`${status}?ids=${asked.join(",")}`);
    // A row that was removed while the server answered stays removed: its file may be on its way as another row.
    const changed = uploads.filter(({ id }) => openUploads.has(id)).filter(showUpload).length > 0;
    updateSummary();
    return openUploads.size ? changed : null;
  });

  return {
    /** A row that tells of a file before the server knows it. */
    showLocal(id, name, state, reason = "") {
      const [label, tone] = words.states[state];
      const entry = getRow(id, name);
      entry.element.querySelector("[data-name]").textContent = name;
      setChip(entry, label, tone, reason);
      updateSummary();
    },
    /** The first bytes of a file are under way. */
    showSending(id) {
      const entry = rows.get(id);
      const [label, tone] = words.states.sending;
      if (!entry || entry.label === label) return;
      setChip(entry, label, tone);
      updateSummary();
    },
    /** How much of a file is sent, as a part of one and in words. */
    showProgress(id, part, text) {
      const place = rows.get(id)?.element.querySelector("[data-progress]");
      if (!place) return;
      place.hidden = false;
      place.querySelector("progress").value = part;
      place.querySelector("span").textContent = text;
    },
    /** A row that waits until the editor has answered: [text, name of the button, what it does] each. */
    showHeld(id, name, { text, title, href, picture: address }, answers) {
      const entry = getRow(id, name);
      setChip(entry, ...words.states.held, text);
      if (address) setPicture(entry, { address });
      setLinks(entry, href ? [{ text: title, href }] : []);
      setButtons(entry, answers);
      updateSummary();
    },
    /** A file that did not get through; the server may still hear of it. */
    showInterrupted(id, name, reason, answers) {
      const entry = getRow(id, name);
      setChip(entry, ...words.states.lost, reason);
      entry.isLost = true;
      setButtons(entry, answers);
      updateSummary();
    },
    /** Buttons of a row: [text, name of the button, what it does] each. */
    showAnswers(id, answers) {
      const entry = rows.get(id);
      if (entry) setButtons(entry, answers);
    },
    isFollowing: () => openUploads.size > 0,
    announce,
    showPreview(id, uploadId, address) {
      const entry = rows.get(id) ?? rows.get(uploadId);
      if (entry) setPicture(entry, { address });
    },
    /** From here on the row belongs to the upload with this id, and the server is asked about it. */
    follow(id, uploadId) {
      const entry = rows.get(id);
      if (entry && id !== uploadId) {
        rows.get(uploadId)?.element.remove();
        rows.delete(id);
        rows.set(uploadId, entry);
      }
      openUploads.add(uploadId);
      poller.wake();
    },
    remove(id) {
      rows.get(id)?.element.remove();
      rows.delete(id);
      openUploads.delete(id);
      updateSummary();
    },
    restore(uploads) {
      for (const upload of [...uploads].reverse()) showUpload(upload);
      updateSummary();
      if (openUploads.size) poller.wake();
    },
  };
}
