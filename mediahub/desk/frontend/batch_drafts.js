// What was typed for a batch and is not saved yet, kept in the browser under its person's id as it is typed.

const DAYS = 30 * 24 * 3600 * 1000;

/** `keep` and `read` the draft of one batch; `left()` finds one that no open page belongs to. */
export function openBatchDrafts(user) {
  const prefix = `batch-words-${user}-`;
  const tab = `batch-tab-${user}`;

  function read(id) {
    try {
      return JSON.parse(localStorage.getItem(prefix + id));
    } catch {
      return null;
    }
  }

  function listDrafts() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    return keys.map((key) => [key.slice(prefix.length), read(key.slice(prefix.length))]);
  }

  function drop(id) {
    try {
      localStorage.removeItem(prefix + id);
    } catch {
      // Nothing could be written there either.
    }
  }

  return {
    read,
    drop,
    /** False when the browser keeps nothing. */
    save(id, draft) {
      try {
        localStorage.setItem(prefix + id, JSON.stringify({ ...draft, at: Date.now() }));
        return true;
      } catch (error) {
        console.warn(error);
        return false;
      }
    },
    /** This page has the batch from here on; another page that is open leaves it alone. */
    claim(id) {
      try {
        sessionStorage.setItem(tab, id);
      } catch {
        // The draft is found all the same.
      }
      // Held until the page is gone.
      navigator.locks?.request(prefix + id, () => new Promise(() => {})).catch(() => {});
    },
    /** The batch whose draft this page goes on with: the tab's own before a reload, or the newest that was left. */
    async findAbandoned() {
      try {
        const ownBatch = sessionStorage.getItem(tab);
        if (ownBatch && read(ownBatch)) return ownBatch;
        for (const [id, draft] of listDrafts()) if (!draft || draft.at < Date.now() - DAYS) drop(id);
        const locks = (await navigator.locks?.query())?.held ?? [];
        const claimed = new Set(locks.map((lock) => lock.name));
        const free = listDrafts().filter(([id]) => !claimed.has(prefix + id));
        return free.sort(([, a], [, b]) => b.at - a.at)[0]?.[0] ?? null;
      } catch {
        return null;
      }
    },
  };
}
