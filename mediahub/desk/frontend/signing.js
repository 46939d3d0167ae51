// Asks the server for a signature. The first question about a file brings its ticket: the server chooses the key.

const EXPIRED = [401, 403];

/** Makes Uppy's `signRequest`; `fileOf(key)` finds the file by the key that Uppy proposed for it. */
export function signer({ url, csrf, words }, fileOf, onTicket) {
  return async function signRequest({ method, key, uploadId, partNumber }) {
    const file = uploadId ? null : fileOf(key);
    const wish = file
      ? { method, name: file.name, type: file.type, size: file.size, batch: file.meta.batch, sha256: file.meta.sha256 }
      : { method, key, uploadId, partNumber };
    const answer = await ask(url, csrf, wish, words);
    if (file) onTicket(file, answer);
    return answer;
  };
}

async function ask(url, csrf, wish, words) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
      body: JSON.stringify(wish),
    });
  } catch {
    throw new Error(words.offline);
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) return said;
  throw new Error(said.reason ?? (EXPIRED.includes(answer.status) ? words.signedOut : words.broken));
}
