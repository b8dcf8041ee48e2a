// Where somebody is in the page, so that they still are there after it has changed: never thrown back to its top.

const FOCUSABLE = "input:not([type=hidden]), rich-text, textarea, summary, select, button, a[href]";

export class Focus {
  #root;
  #element;
  #ids = [];
  #place = -1;

  constructor(root) {
    this.#root = root;
    this.#element = root.contains(document.activeElement) ? document.activeElement : null;
    for (let each = this.#element; each && each !== root; each = each.parentElement) if (each.id) this.#ids.push(each.id);
    const block = this.#element?.closest("[data-block]");
    if (block) this.#place = this.#blocks.indexOf(block);
  }

  restore() {
    if (!this.#element || this.#element === document.activeElement) return;
    if (this.#element.isConnected) this.#element.focus({ preventScroll: true });
    if (document.activeElement === this.#element) return;
    this.#nearest()?.focus();
  }

  get #blocks() {
    return [...this.#root.querySelectorAll("[data-block]")];
  }

  // The same element made anew, else something in what was around it; for a block that is gone, the one in its place.
  #nearest() {
    for (const id of this.#ids) {
      const found = document.getElementById(id);
      if (found?.id === "blocks") break;
      if (found) return found.matches(FOCUSABLE) ? found : (found.querySelector(FOCUSABLE) ?? found);
    }
    const neighbour = this.#blocks[Math.min(this.#place, this.#blocks.length - 1)];
    return neighbour?.querySelector("summary, button") ?? document.getElementById("add-text");
  }
}
