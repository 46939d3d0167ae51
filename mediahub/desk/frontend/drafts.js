// What was typed for a batch and is not saved yet, kept in the browser under its person's id as it is typed.

const DAYS = 30 * 24 * 3600 * 1000;

/** `keep` and `read` the draft of one batch; `left()` finds one that no open page belongs to. */
export function drafts(user) {
  const prefix = `batch-words-${user}-`;
  const tab = `batch-tab-${user}`;

  function read(id) {
    try {
      return JSON.parse(localStorage.getItem(prefix + id));
    } catch {
      return null;
    }
  }

  function every() {
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
    keep(id, draft) {
      try {
        localStorage.setItem(prefix + id, JSON.stringify({ ...draft, at: Date.now() }));
        return true;
      } catch (error) {
        console.warn(error);
        return false;
      }
    },
    /** This page has the batch from here on; another page that is open leaves it alone. */
    take(id) {
      try {
        sessionStorage.setItem(tab, id);
      } catch {
        // The draft is found all the same.
      }
      // Held until the page is gone.
      navigator.locks?.request(prefix + id, () => new Promise(() => {})).catch(() => {});
    },
    /** The batch whose draft this page goes on with: the tab's own before a reload, or the newest that was left. */
    async left() {
      try {
        const own = sessionStorage.getItem(tab);
        if (own && read(own)) return own;
        for (const [id, draft] of every()) if (!draft || draft.at < Date.now() - DAYS) drop(id);
        const locks = (await navigator.locks?.query())?.held ?? [];
        const held = new Set(locks.map((lock) => lock.name));
        const free = every().filter(([id]) => !held.has(prefix + id));
        return free.sort(([, a], [, b]) => b.at - a.at)[0]?.[0] ?? null;
      } catch {
        return null;
      }
    },
  };
}
