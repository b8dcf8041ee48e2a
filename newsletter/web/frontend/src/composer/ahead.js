// Shows what is typed in the preview before it is saved: the mail that the form makes, asked for at the first pause.

const PAUSE_MS = 100;

export class Ahead {
  #form;
  #show;
  #timer;
  #asked;

  constructor(form, show) {
    this.#form = form;
    this.#show = show;
  }

  touched() {
    this.stop();
    this.#timer = setTimeout(() => this.#ask(), PAUSE_MS);
  }

  // Something newer is shown: what was asked for comes too late.
  stop() {
    clearTimeout(this.#timer);
    this.#asked?.abort();
  }

  async #ask() {
    this.#asked = new AbortController();
    try {
      const response = await fetch(this.#form.dataset.preview, {
        method: "POST",
        body: new URLSearchParams(new FormData(this.#form)),
        signal: this.#asked.signal,
      });
      if (response.ok && !response.redirected) this.#show(await response.json());
    } catch {
      // whatever it is, the next save shows the words, or says what is wrong
    }
  }
}
