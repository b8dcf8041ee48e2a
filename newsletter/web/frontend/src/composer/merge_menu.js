// The menu of merge fields: asks which one and for its fallback, and writes it where the cursor was.
//
// One dialog serves all fields. The button beside a field names it in `data-merge`.

export class MergeMenu {
  #dialog;
  #field;
  #visited = new WeakSet();

  constructor(composer) {
    this.#dialog = composer.querySelector("#merge-dialog");
    composer.addEventListener("focusin", ({ target }) => this.#visited.add(target.closest("rich-text") ?? target));
    composer.addEventListener("click", (event) => this.#open(event.target.closest?.("button[data-merge]")));
    this.#dialog.addEventListener("input", (event) => event.stopPropagation()); // no part of the form
    this.#choice.addEventListener("change", () => this.#suggest());
    this.#dialog.querySelector("form").addEventListener("submit", (event) => this.#insert(event));
  }

  get #choice() {
    return this.#dialog.querySelector("select");
  }

  get #fallback() {
    return this.#dialog.querySelector("input");
  }

  #open(button) {
    if (!button) return;
    this.#field = button.dataset.merge;
    this.#choice.selectedIndex = 0;
    this.#suggest();
    this.#dialog.showModal();
  }

  // The usual words, in the language of the field.
  #suggest() {
    const language = document.getElementById(this.#field)?.lang;
    this.#fallback.value = this.#choice.selectedOptions[0].getAttribute(`data-fallback-${language}`) ?? "";
  }

  #insert(event) {
    if (event.submitter?.value !== "insert") return;
    const area = document.getElementById(this.#field);
    if (!area) return; // somebody removed the block meanwhile
    const notation = `[[${this.#choice.value}|${this.#fallback.value.replace(/\[\[|\]\]/g, "")}]]`;
    const text = area.closest("rich-text") ?? area;
    const atEnd = !this.#visited.has(text);
    this.#dialog.close();
    event.preventDefault();
    text.focus();
    if (text.insert) {
      text.insert(notation, { atEnd });
      return;
    }
    const [from, to] = atEnd ? [text.value.length, text.value.length] : [text.selectionStart, text.selectionEnd];
    text.setRangeText(notation, from, to, "end");
    text.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
