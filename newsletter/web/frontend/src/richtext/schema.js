// The marks and blocks that the server keeps, and no others: whatever is pasted becomes these.

import { DOMParser, DOMSerializer, Schema } from "prosemirror-model";

const link = {
  attrs: { href: {} },
  inclusive: false,
  parseDOM: [
    {
      tag: "a[href]",
      getAttrs: (anchor) => {
        const href = targetOf(anchor.getAttribute("href"));
        return href ? { href } : false;
      },
    },
  ],
  toDOM: (mark) => ["a", { href: mark.attrs.href }, 0],
};

export const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: { group: "block", content: "inline*", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    blockquote: {
      group: "block",
      content: "block+",
      parseDOM: [{ tag: "blockquote" }],
      toDOM: () => ["blockquote", 0],
    },
    heading: {
      group: "block",
      content: "inline*",
      attrs: { level: { default: 3 } },
      parseDOM: ["h1", "h2", "h3"].map((tag) => ({ tag })).concat(["h4", "h5", "h6"].map((tag) => ({ tag, attrs: { level: 4 } }))),
      toDOM: (node) => [`h${node.attrs.level}`, 0],
    },
    bullet_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ul" }], toDOM: () => ["ul", 0] },
    ordered_list: { group: "block", content: "list_item+", parseDOM: [{ tag: "ol" }], toDOM: () => ["ol", 0] },
    list_item: {
      content: "paragraph (paragraph | bullet_list | ordered_list)*",
      defining: true,
      parseDOM: [{ tag: "li" }],
      toDOM: () => ["li", 0],
    },
    hard_break: { group: "inline", inline: true, selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
    text: { group: "inline" },
  },
  marks: {
    link,
    strong: {
      parseDOM: [
        { tag: "strong" },
        { tag: "b", getAttrs: (node) => node.style.fontWeight !== "normal" && null }, // Google Docs wraps all in one
        { style: "font-weight", getAttrs: (value) => /^(bold(er)?|[5-9]\d{2})$/.test(value) && null },
      ],
      toDOM: () => ["strong", 0],
    },
    em: { parseDOM: [{ tag: "em" }, { tag: "i" }, { style: "font-style=italic" }], toDOM: () => ["em", 0] },
  },
});

const parser = DOMParser.fromSchema(schema);
const serializer = DOMSerializer.fromSchema(schema);

export function parsed(html) {
  // A document of its own: nothing in it loads or runs.
  const inert = new window.DOMParser().parseFromString(html, "text/html");
  return parser.parse(inert.body);
}

export function htmlOf(doc) {
  const isEmpty = doc.childCount === 1 && doc.firstChild.isTextblock && doc.firstChild.content.size === 0;
  if (isEmpty) return "";
  const holder = document.implementation.createHTMLDocument().createElement("div");
  holder.append(serializer.serializeFragment(doc.content, { document: holder.ownerDocument }));
  return holder.innerHTML;
}

// What a link may lead to, or nothing: a bare host is meant as a page, an address as a mail.
export function targetOf(typed) {
  const text = (typed ?? "").trim();
  if (/^(https?:\/\/|mailto:|tel:|\[\[)\S+$/i.test(text)) return text;
  if (/^[^\s@/:]+@[^\s@/:]+\.[^\s@/:]+$/.test(text)) return `mailto:${text}`;
  if (/^[^\s:/?#]+\.[^\s:/?#]{2,}(\/\S*)?$/.test(text)) return `https://${text}`;
  return "";
}
