/**
 * Passkeys: a form with data-passkey="get" or "create" asks our server for options (data-options), has the device
 * answer, and is then sent with the answer in its field `credential`. Without this module the form stays hidden.
 *
 * data-name-from names a field elsewhere on the page whose value goes along as `name`.
 */

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const withBytes = (descriptors) => (descriptors ?? []).map((each) => ({ ...each, id: bytes(each.id) }));

/** Make a passkey: what the server needs to know of it. */
async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  });
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: {
      attestationObject: text(made.response.attestationObject),
      clientDataJSON: text(made.response.clientDataJSON),
    },
  };
}

/** Use a passkey: the proof for the server. */
async function get(options) {
  const used = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    },
  });
  return {
    id: used.id,
    rawId: text(used.rawId),
    type: used.type,
    response: {
      authenticatorData: text(used.response.authenticatorData),
      clientDataJSON: text(used.response.clientDataJSON),
      signature: text(used.response.signature),
      userHandle: used.response.userHandle ? text(used.response.userHandle) : null,
    },
  };
}

/** The options; undefined where the server sends us elsewhere, such as to prove again who we are. */
async function optionsFor(form) {
  const answer = await fetch(form.dataset.options, { method: "POST" });
  if (answer.redirected) {
    location.assign(answer.url);
    return undefined;
  }
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  return answer.json();
}

async function submitted(event) {
  const form = event.currentTarget;
  if (form.elements.credential.value) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const failed = form.querySelector("[data-failed]");
  const source = form.dataset.nameFrom ? document.querySelector(form.dataset.nameFrom) : null;
  if (source && !source.reportValidity()) return;
  failed.hidden = true;
  button.setAttribute("aria-busy", "true");
  try {
    const options = await optionsFor(form);
    if (!options) return;
    const credential = form.dataset.passkey === "create" ? await create(options) : await get(options);
    form.elements.credential.value = JSON.stringify(credential);
    if (source) form.elements.name.value = source.value;
    form.submit();
  } catch {
    failed.hidden = false; // stopped by the person, too late, or no such passkey: browsers do not tell which
  } finally {
    button.removeAttribute("aria-busy");
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", submitted);
  }
}
