// The list under the drop zone: what became of each file, from the browser to the finished image.

import { load, poll } from "../static/desk/poller.js";

const AT_ONCE = 200;

/** One row a file. Rows are known by Uppy's file id until the server has given the upload an id of its own. */
export function arrivals(list, { status, words }) {
  const template = document.getElementById("arrival");
  const summary = document.getElementById("summary");
  const rows = new Map();
  const open = new Set();

  function row(id, name) {
    if (!rows.has(id)) {
      const element = template.content.firstElementChild.cloneNode(true);
      element.querySelector("[data-name]").textContent = name;
      list.prepend(element);
      rows.set(id, { element, label: "", tone: "" });
    }
    return rows.get(id);
  }

  function chip(entry, label, tone, reason = "") {
    const element = entry.element.querySelector("[data-chip]");
    const changed = entry.label !== label;
    Object.assign(entry, { label, tone });
    element.textContent = label;
    element.className = `chip chip-${tone}`;
    entry.element.querySelector("[data-reason]").textContent = reason;
    return changed;
  }

  function picture(entry, { address, placeholder, width, height }) {
    const [behind, front] = entry.element.querySelectorAll("[data-picture] img");
    if (placeholder) behind.src = placeholder;
    if (!address || front.getAttribute("src") === address) return;
    if (width) Object.assign(front, { width, height });
    front.src = address;
  }

  function links(entry, found) {
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

  /** Counts by state, in the server's words, for the eye and for a screen reader. */
  function sum() {
    const counts = new Map();
    for (const { label } of rows.values()) counts.set(label, (counts.get(label) ?? 0) + 1);
    const ordered = [...counts].sort(([a, n], [b, m]) => m - n || a.localeCompare(b));
    const text = ordered.map(([label, n]) => `${n} ${label}`).join(" · ");
    if (summary.textContent !== text) summary.textContent = text;
    list.closest("[data-arrivals]").hidden = rows.size === 0;
  }

  function show(upload) {
    const entry = row(upload.id, upload.name);
    entry.element.querySelector("[data-name]").textContent = upload.name;
    if (upload.picture) picture(entry, upload.picture);
    links(entry, upload.links);
    if (upload.ended) open.delete(upload.id);
    else open.add(upload.id);
    return chip(entry, upload.label, upload.tone, upload.reason);
  }

  const poller = poll(async () => {
    const asked = [...open].slice(0, AT_ONCE);
    if (!asked.length) return null;
    const { uploads } = await load(`${status}?ids=${asked.join(",")}`);
    const changed = uploads.filter(show).length > 0;
    sum();
    return open.size ? changed : null;
  });

  return {
    /** A row that tells of a file before the server knows it. */
    local(id, name, state, reason = "") {
      const [label, tone] = words.states[state];
      chip(row(id, name), label, tone, reason);
      sum();
    },
    preview(id, address) {
      const entry = rows.get(id);
      if (entry) picture(entry, { address });
    },
    /** From here on the row belongs to the upload with this id, and the server is asked about it. */
    follow(id, uploadId) {
      const entry = rows.get(id);
      if (entry) {
        rows.delete(id);
        rows.set(uploadId, entry);
      }
      open.add(uploadId);
      poller.wake();
    },
    forget(id) {
      rows.get(id)?.element.remove();
      rows.delete(id);
      sum();
    },
    restore(uploads) {
      for (const upload of [...uploads].reverse()) show(upload);
      sum();
      if (open.size) poller.wake();
    },
  };
}
