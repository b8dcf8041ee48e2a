// What is typed and not saved yet, in the tab's session storage. Without room there, or without storage, it is not kept.

export class Kept {
  #key;

  constructor(key) {
    this.#key = key;
  }

  get body() {
    try {
      return sessionStorage.getItem(this.#key);
    } catch {
      return null;
    }
  }

  keep(body) {
    try {
      sessionStorage.setItem(this.#key, body);
    } catch {
      this.forget(); // better nothing than something older
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // there is no storage
    }
  }
}
