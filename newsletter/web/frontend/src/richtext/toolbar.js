// The buttons above a text: each tells whether it is on, and the arrow keys go from one to the next.

import { toggleMark } from "prosemirror-commands";
import { liftListItem, wrapInList } from "prosemirror-schema-list";

import { schema, targetOf } from "./schema.js";

const { strong, em, link } = schema.marks;
const { bullet_list: bullets, ordered_list: numbers, list_item: item } = schema.nodes;

export class Toolbar {
  #view;
  #buttons;
  #field;

  constructor(labels) {
    this.#buttons = [
      new Tool("bold", labels.labelBold, (view) => run(view, toggleMark(strong)), (state) => hasMark(state, strong)),
      new Tool("italic", labels.labelItalic, (view) => run(view, toggleMark(em)), (state) => hasMark(state, em)),
      new Tool("link", labels.labelLink, () => this.askForLink(), (state) => hasMark(state, link)),
      new Tool("list", labels.labelList, (view) => toggleList(view, bullets), (state) => isIn(state, bullets)),
      new Tool("numbers", labels.labelNumbers, (view) => toggleList(view, numbers), (state) => isIn(state, numbers)),
    ];
    this.element = document.createElement("div");
    this.element.className = "rich-text-tools";
    this.element.setAttribute("role", "toolbar");
    this.#field = this.#linkField(labels.labelAddress);
    this.element.append(...this.#buttons.map((tool) => tool.button), this.#field);
    this.element.addEventListener("keydown", (event) => this.#walk(event));
  }

  attach(view) {
    this.#view = view;
    this.element.setAttribute("aria-label", view.dom.getAttribute("aria-label"));
    for (const [index, tool] of this.#buttons.entries()) {
      tool.button.tabIndex = index ? -1 : 0;
      // The text keeps the focus, so what was selected stays so.
      tool.button.addEventListener("mousedown", (event) => event.preventDefault());
      tool.button.addEventListener("click", () => tool.act(view));
    }
    this.update();
  }

  update() {
    for (const tool of this.#buttons) tool.show(this.#view.state);
  }

  // Ask for the address of a link; an empty one ends the link. Says true, as a command that did something.
  askForLink() {
    const { from, $from, to } = this.#view.state.selection;
    const marked = link.isInSet($from.marks()) ?? this.#view.state.doc.nodeAt(from)?.marks.find((mark) => mark.type === link);
    this.#field.hidden = false;
    this.#field.value = marked?.attrs.href ?? "";
    this.#field.dataset.range = JSON.stringify(from === to ? aroundLink(this.#view.state, marked) : [from, to]);
    this.#field.focus();
    this.#field.select();
    return true;
  }

  #linkField(label) {
    const field = document.createElement("input");
    field.type = "text";
    field.inputMode = "url";
    field.hidden = true;
    field.placeholder = "https://";
    field.setAttribute("aria-label", label ?? "URL");
    field.addEventListener("input", (event) => event.stopPropagation()); // no part of the form: nobody saves it
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        this.#link(field.value);
      } else if (event.key === "Escape") {
        this.#close();
      }
      event.stopPropagation();
    });
    field.addEventListener("blur", () => (field.hidden = true));
    return field;
  }

  #link(typed) {
    const target = targetOf(typed);
    if (typed.trim() && !target) {
      this.#field.setAttribute("aria-invalid", "true");
      return;
    }
    const [from, to] = JSON.parse(this.#field.dataset.range);
    const change = this.#view.state.tr.removeMark(from, to, link);
    if (target && from === to) change.insert(from, schema.text(typed.trim(), [link.create({ href: target })]));
    else if (target) change.addMark(from, to, link.create({ href: target }));
    this.#view.dispatch(change);
    this.#close();
  }

  #close() {
    this.#field.removeAttribute("aria-invalid");
    this.#field.hidden = true;
    this.#view.focus();
  }

  #walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const buttons = this.#buttons.map((tool) => tool.button);
    const now = buttons.indexOf(event.target);
    if (!step || now < 0) return;
    event.preventDefault();
    const next = buttons[(now + step + buttons.length) % buttons.length];
    buttons[now].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

class Tool {
  constructor(name, label, act, isOn) {
    this.act = act;
    this.isOn = isOn;
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = `tool tool-${name}`;
    this.button.title = label ?? name;
    this.button.setAttribute("aria-label", label ?? name);
  }

  show(state) {
    this.button.setAttribute("aria-pressed", String(this.isOn(state)));
  }
}

function run(view, command) {
  command(view.state, view.dispatch);
  view.focus();
}

function toggleList(view, kind) {
  run(view, isIn(view.state, kind) ? liftListItem(item) : wrapInList(kind));
}

function hasMark(state, mark) {
  const { from, to, empty, $from } = state.selection;
  return empty ? Boolean(mark.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, mark);
}

function isIn(state, kind) {
  const { from, to } = state.selection;
  let found = false;
  state.doc.nodesBetween(from, to, (node) => {
    found ||= node.type === kind;
  });
  return found;
}

// From where to where the link reaches that the cursor stands in; just the cursor where there is none.
function aroundLink(state, mark) {
  const { $from } = state.selection;
  let [from, to] = [$from.pos, $from.pos];
  if (!mark) return [from, to];
  $from.parent.forEach((node, offset) => {
    const start = $from.start() + offset;
    const end = start + node.nodeSize;
    if (mark.isInSet(node.marks) && start <= $from.pos && $from.pos <= end) [from, to] = [Math.min(from, start), Math.max(to, end)];
  });
  return [from, to];
}
