// Passkeys: the browser makes or asks for one, and the form that is marked sends the answer.

const toBytes = (text) => {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
};

const toText = (buffer) => {
  const characters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const readCredential = (credential) => ({ ...credential, id: toBytes(credential.id) });

function readOptions(options) {
  const { publicKey } = options;
  const read = { ...publicKey, challenge: toBytes(publicKey.challenge) };
  if (publicKey.user) read.user = { ...publicKey.user, id: toBytes(publicKey.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    if (publicKey[list]) read[list] = publicKey[list].map(readCredential);
  }
  return { publicKey: read };
}

function writeCredential(credential) {
  const { response } = credential;
  const written = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) written[name] = toText(response[name]);
  }
  if (response.getTransports) written.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: written,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function fetchOptions(form) {
  const stored = document.getElementById("passkey-options");
  if (stored) return JSON.parse(stored.textContent);
  const answer = await fetch(form.dataset.options, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

async function usePasskey(form) {
  const { creation_options: creation, request_options: request } = await fetchOptions(form);
  const credential = creation
    ? await navigator.credentials.create(readOptions(creation))
    : await navigator.credentials.get(readOptions(request));
  form.elements.credential.value = JSON.stringify(writeCredential(credential));
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const failure = form.querySelector("[data-failed]");
  if (!window.PublicKeyCredential) {
    button.disabled = true;
    form.querySelector("[data-unsupported]").hidden = false;
  }
  // A click, and no submission: what watches over forms has nothing to ask before there is an answer to send.
  button.addEventListener("click", async () => {
    button.disabled = true;
    failure.hidden = true;
    try {
      await usePasskey(form);
    } catch {
      // The person said no, waited too long, or has no passkey here: nothing was sent.
      failure.hidden = false;
      button.disabled = false;
    }
  });
}
