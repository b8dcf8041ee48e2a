// Who else has the issue open: told and asked every few seconds, as long as somebody looks at the page.

const EVERY_MS = 10_000; // the server forgets after 30 seconds

export class Presence {
  #composer;
  #say;
  #names;

  constructor(composer, say) {
    this.#composer = composer;
    this.#say = say;
    this.#names = new Set(this.#shown.map(({ title }) => title));
    this.#tell();
    setInterval(() => document.hidden || this.#tell(), EVERY_MS);
    document.addEventListener("visibilitychange", () => document.hidden || this.#tell());
    addEventListener("pagehide", () => this.#post({ gone: "1" }, { keepalive: true }).catch(() => undefined));
  }

  get #list() {
    return this.#composer.querySelector("#here");
  }

  get #shown() {
    return [...this.#list.children];
  }

  async #tell() {
    try {
      const response = await this.#post({});
      if (response.ok && !response.redirected) this.#show(await response.json());
    } catch {
      // The next time is soon; of a server that is away the saver tells.
    }
  }

  #post(fields, options = {}) {
    const headers = { "X-By-Itself": "1" }; // does not keep anybody signed in
    return fetch(this.#list.dataset.tell, { method: "POST", body: new URLSearchParams(fields), headers, ...options });
  }

  #show({ here }) {
    const arrived = here.filter(({ name }) => !this.#names.has(name));
    this.#names = new Set(here.map(({ name }) => name));
    this.#list.replaceChildren(...here.map(badge));
    if (arrived.length) this.#say(this.#list.dataset.arrived.replace("{name}", arrived.map(({ name }) => name).join(", ")));
  }
}

function badge({ name, initials }) {
  const item = document.createElement("li");
  const [seen, said] = [document.createElement("span"), document.createElement("span")];
  item.title = name;
  seen.className = "initial";
  seen.ariaHidden = "true";
  seen.textContent = initials;
  said.className = "unseen";
  said.textContent = name;
  item.append(seen, said);
  return item;
}
