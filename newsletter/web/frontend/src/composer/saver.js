// Saves the form whenever somebody has paused: one request at a time, each made of what the form says at that moment.
//
// The server merges what is sent into what it has, from the revision that the form was made of (its field `base`), and
// the same request again from the same base changes nothing. So whatever goes wrong on the way, asking again is right.
// What is not saved yet also lies in the tab's session storage, where a reload finds it.

import { Kept } from "./kept.js";

const PAUSE_MS = 400;
const LONGEST_MS = 15_000; // without an answer for so long, none is coming
const RETRY_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];
const SIGNED_OUT_RETRY_MS = 10_000;
const KEEPALIVE_BYTES = 60_000; // browsers allow 64 KiB for all that outlives its page
const NOT_AGAIN = /^(undo|redo)\b/; // of these a second one does something else

export class Saver {
  #form;
  #apply;
  #tell;
  #kept;
  #touched = new Set();
  #acts = [];
  #timer;
  #isBusy = false;
  #isLeaving = false;
  #failures = 0;
  #unsent; // the body of a page that is gone

  constructor(form, { key, apply, tell }) {
    this.#form = form;
    this.#apply = apply;
    this.#tell = tell;
    this.#kept = new Kept(key);
    addEventListener("online", () => this.#failures && this.#run());
    addEventListener("pagehide", () => this.#last());
    document.addEventListener("visibilitychange", () => document.hidden && this.#isDue && this.#run());
  }

  // Somebody changed a field; what is no field of the form, such as the choice of a preview, is nobody's business. Tells
  // whether they are typing: what is chosen is saved at once.
  touched(field) {
    if (!field.name || field.form !== this.#form) return false;
    this.#touched.add(field.name);
    if (!this.#unsent) this.#kept.keep(this.#body());
    const isTyped = !/^(checkbox|radio|select-one)$/.test(field.type);
    this.#soon(isTyped ? PAUSE_MS : 0);
    return isTyped;
  }

  act(value) {
    this.#acts.push(value);
    this.#run();
  }

  // The form is sent by the browser itself: nothing else is sent beside it.
  leave() {
    this.#isLeaving = true;
    clearTimeout(this.#timer);
  }

  // What a page that is gone could not save is sent as it was; where that was done after all, nothing changes.
  restore() {
    this.#unsent = this.#kept.body;
    if (this.#unsent) this.#run();
  }

  get #isDue() {
    return this.#touched.size > 0 || this.#acts.length > 0;
  }

  #body(act = "") {
    const body = new URLSearchParams(new FormData(this.#form));
    if (act) body.set("act", act);
    return body.toString();
  }

  #soon(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), ms);
  }

  async #run() {
    clearTimeout(this.#timer);
    if (this.#isBusy || this.#isLeaving) return;
    const isDone = this.#unsent ? await this.#sendUnsent() : await this.#sendForm();
    if (isDone && this.#isDue) this.#soon(this.#acts.length ? 0 : PAUSE_MS);
  }

  async #sendForm() {
    const act = this.#acts.shift() ?? "";
    const sent = [...this.#touched];
    const body = this.#body(act);
    this.#touched.clear();
    if (await this.#exchange(body, {})) return true;
    for (const name of sent) this.#touched.add(name);
    if (act && !NOT_AGAIN.test(act)) this.#acts.unshift(act);
    return false;
  }

  async #sendUnsent() {
    const before = this.#form.elements.base.value;
    const answer = await this.#exchange(this.#unsent, { all: true });
    if (!answer) return false;
    this.#unsent = undefined;
    if (String(answer.revision) !== before) this.#tell("restored");
    return true;
  }

  // Send and take over the answer, which is also given back; nothing where there is none.
  async #exchange(body, options) {
    this.#isBusy = true;
    this.#tell("saving");
    try {
      const answer = await this.#ask(body);
      if (!answer) return undefined;
      this.#failures = 0;
      this.#tell("saved");
      // Where somebody goes on typing in a field that somebody else has written in, the answer is dropped. The next
      // one is from the same base, with what is typed by then: so both versions are there in the end.
      if (answer.merged.some((name) => this.#touched.has(name))) return answer;
      this.#apply(answer, { ...options, touched: this.#touched });
      if (this.#touched.size) this.#kept.keep(this.#body());
      else this.#kept.forget();
      return answer;
    } finally {
      this.#isBusy = false;
    }
  }

  async #ask(body) {
    let response;
    try {
      response = await fetch(this.#form.action, {
        method: "POST",
        body,
        headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
        signal: AbortSignal.timeout(LONGEST_MS),
      });
      if (response.ok && !response.redirected) return await response.json();
    } catch {
      return this.#failed("waiting");
    }
    if (response.redirected) return this.#failed("signedOut", SIGNED_OUT_RETRY_MS);
    if (response.status >= 500 || response.status === 429) return this.#failed("waiting");
    this.#unsent = undefined; // nobody will ever take it
    this.#tell(response.status === 409 ? "closed" : "failed");
    return undefined;
  }

  #failed(state, ms) {
    const wait = ms ?? RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#tell(state);
    this.#soon(wait);
    return undefined;
  }

  // The page goes: a last request may outlive it. Should it fail, the words lie in the session storage.
  #last() {
    if (this.#isLeaving || !this.#kept.body) return;
    const body = this.#body();
    if (body.length > KEEPALIVE_BYTES) return;
    fetch(this.#form.action, {
      method: "POST",
      body,
      keepalive: true,
      headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
    }).catch(() => undefined);
  }
}
