// <rich-text><textarea name="…"></textarea></rich-text>: the text with a few marks, as the server keeps it.
//
// Without this script the textarea stays what it is, with HTML in it. Each change is written back to it at once and
// told by an `input` event, so that forms and whoever saves them need to know of nothing but textareas.
// The labels of the buttons come as `data-label-bold`, `-italic`, `-link`, `-list`, `-numbers` and `-address`.

import { baseKeymap, chainCommands, exitCode, toggleMark } from "prosemirror-commands";
import { history, redo, undo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem, splitListItem } from "prosemirror-schema-list";
import { EditorState, Selection } from "prosemirror-state";
import { EditorView } from "prosemirror-view";

import { chips } from "./richtext/chips.js";
import { htmlOf, parsed, schema } from "./richtext/schema.js";
import { Toolbar } from "./richtext/toolbar.js";

const { strong, em } = schema.marks;
const { list_item: item, hard_break: lineBreak } = schema.nodes;

class RichText extends HTMLElement {
  #area;
  #view;
  #toolbar;

  connectedCallback() {
    this.#area = this.querySelector("textarea");
    if (!this.#area || this.#view) return;
    this.#area.hidden = true;
    this.#toolbar = new Toolbar(this.dataset);
    this.append(this.#toolbar.element);
    this.#view = new EditorView(this, {
      state: this.#stateOf(this.#area.value),
      attributes: () => this.#attributes(),
      dispatchTransaction: (transaction) => this.#apply(transaction),
    });
    // The browser tells of typing in the editor too; whoever listens hears of the textarea alone.
    this.#view.dom.addEventListener("input", (event) => event.stopPropagation());
    this.#toolbar.attach(this.#view);
    this.#area.labels[0]?.addEventListener("click", () => this.#view.focus());
  }

  disconnectedCallback() {
    // Moved to another place in the page: it is the same element, and goes on there.
    queueMicrotask(() => this.isConnected || this.#destroy());
  }

  get value() {
    return this.#area.value;
  }

  // From outside, such as an undo or somebody else's edit that was merged; the own undo history ends with it.
  set value(html) {
    if (html === this.#area.value) return;
    this.#area.value = html;
    this.#view.updateState(this.#stateOf(html));
    this.#toolbar.update();
  }

  focus(options) {
    this.#view ? this.#view.focus() : this.#area?.focus(options);
  }

  // Write words where the cursor is, or behind all others.
  insert(words, { atEnd = false } = {}) {
    const { state } = this.#view;
    const change = atEnd ? state.tr.setSelection(Selection.atEnd(state.doc)) : state.tr;
    this.#view.dispatch(change.insertText(words).scrollIntoView());
  }

  #stateOf(html) {
    return EditorState.create({
      doc: parsed(html),
      plugins: [
        chips,
        history(),
        keymap({
          "Mod-z": undo,
          "Mod-y": redo,
          "Shift-Mod-z": redo,
          "Mod-b": toggleMark(strong),
          "Mod-i": toggleMark(em),
          "Mod-k": () => this.#toolbar.askForLink(),
          Enter: splitListItem(item),
          "Shift-Enter": chainCommands(exitCode, (state, dispatch) => {
            dispatch?.(state.tr.replaceSelectionWith(lineBreak.create()).scrollIntoView());
            return true;
          }),
          // Tab leaves the field, as everywhere else; lists are indented by the keys that text programs have beside it.
          "Mod-]": sinkListItem(item),
          "Mod-[": liftListItem(item),
        }),
        keymap(baseKeymap),
      ],
    });
  }

  #attributes() {
    const named = this.#area.labels[0]?.textContent.trim() || this.#area.getAttribute("aria-label") || "";
    const attributes = { role: "textbox", "aria-multiline": "true", "aria-label": named };
    for (const name of ["aria-describedby", "aria-invalid", "lang"]) {
      if (this.#area.hasAttribute(name)) attributes[name] = this.#area.getAttribute(name);
    }
    return attributes;
  }

  #apply(transaction) {
    this.#view.updateState(this.#view.state.apply(transaction));
    this.#toolbar.update();
    if (!transaction.docChanged) return;
    this.#area.value = htmlOf(this.#view.state.doc);
    this.#area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #destroy() {
    this.#view?.destroy();
    this.#view = undefined;
  }
}

customElements.define("rich-text", RichText);
