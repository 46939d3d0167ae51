// Asks the server again and again: soon after news, ever later without, never while the tab is hidden.

import { onConnectionChange, send } from "./session.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15000;

/**
 * `ask` answers true when there was news, false when not, and null when there is nothing left to ask for.
 * An `ask` that throws counts as no news: the next one comes later. `wake()` asks soon, also after an end.
 */
export function poll(ask) {
  let wait = FIRST_WAIT;
  let timer = null;
  let asking = false;
  let ended = false;

  function schedule() {
    clearTimeout(timer);
    timer = ended || asking || document.hidden ? null : setTimeout(run, wait);
  }

  async function run() {
    asking = true;
    let news = false;
    try {
      news = await ask();
    } catch (error) {
      console.warn(error);
    }
    asking = false;
    ended = news === null;
    wait = news ? FIRST_WAIT : Math.min(wait * 1.6, LONGEST_WAIT);
    schedule();
  }

  function wake() {
    ended = false;
    wait = FIRST_WAIT;
    schedule();
  }

  document.addEventListener("visibilitychange", () => (document.hidden || ended ? schedule() : wake()));
  // Nobody waits for the next turn once the connection is back, or somebody has signed in again.
  onConnectionChange((standing) => standing === "in" && !ended && wake());
  schedule();
  return { wake };
}

/** The JSON that the server answers; throws when it answers anything else. */
export async function loadJson(url) {
  const answer = await send(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.json();
}
