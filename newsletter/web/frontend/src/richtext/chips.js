// Merge fields as chips: they stay the text that they are, and are seen as one thing.

import { Plugin } from "prosemirror-state";
import { Decoration, DecorationSet } from "prosemirror-view";

const FIELD = /\[\[(?:salutation|title|first_name|last_name|name|organisation|address)(?:\|(?:(?!\[\[|\]\]).)*)?\]\]/g;

export const chips = new Plugin({
  state: {
    init: (_, state) => found(state.doc),
    apply: (transaction, old) => (transaction.docChanged ? found(transaction.doc) : old),
  },
  props: {
    decorations(state) {
      return this.getState(state);
    },
  },
});

function found(doc) {
  const decorations = [];
  doc.descendants((node, position) => {
    for (const match of node.isText ? node.text.matchAll(FIELD) : []) {
      const from = position + match.index;
      decorations.push(Decoration.inline(from, from + match[0].length, { class: "merge-chip" }));
    }
  });
  return DecorationSet.create(doc, decorations);
}
