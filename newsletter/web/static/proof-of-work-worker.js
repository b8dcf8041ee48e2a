// Searches the number whose key begins as the challenge tells: PBKDF2 over nonce and number (ALTCHA, version 2).

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (array) => Array.from(array, (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve({ nonce, salt, cost, keyLength, keyPrefix }) {
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  const prefix = keyPrefix.toLowerCase();
  const password = new Uint8Array(nonce.length / 2 + 4);
  password.set(bytes(nonce));
  const number = new DataView(password.buffer, nonce.length / 2);
  for (let counter = 0; counter <= 0xffffffff; counter++) {
    number.setUint32(0, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(new Uint8Array(await crypto.subtle.deriveBits(derivation, key, keyLength * 8)));
    if (derivedKey.startsWith(prefix)) return { counter, derivedKey };
  }
  throw new Error("no number solves it");
}

onmessage = async ({ data }) => {
  try {
    postMessage({ solution: await solve(data) });
  } catch (error) {
    postMessage({ problem: String(error) }); // such as a page without https, which has no crypto.subtle
  }
};
