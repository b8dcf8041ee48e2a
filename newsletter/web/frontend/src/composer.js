// <live-composer>: the composer's form saves itself, and its preview follows.
//
// The page works without this script; it sends the same form, gets the same page back and takes over what differs. So
// there is one way in which anything is done, and nothing here knows what a block is.

import Sortable from "sortablejs";

import { Ahead } from "./composer/ahead.js";
import { Focus } from "./composer/focus.js";
import { MergeMenu } from "./composer/merge_menu.js";
import { takeOver } from "./composer/morphing.js";
import { Presence } from "./composer/presence.js";
import { Preview } from "./composer/preview.js";
import { Saver } from "./composer/saver.js";
import "./rich_text.js";

class LiveComposer extends HTMLElement {
  #saver;
  #preview;
  #ahead;

  connectedCallback() {
    const form = this.querySelector("#compose");
    if (!form || this.#saver) return;
    this.classList.add("live");
    this.#preview = new Preview(this, (block) => this.#openAt(document.getElementById(`block-${block}`)));
    this.#saver = new Saver(form, {
      key: `composer-${this.dataset.issue}`,
      apply: (answer, options) => this.#apply(answer, options),
      tell: (state) => this.#tell(state),
    });
    this.#ahead = new Ahead(form, (answer) => this.#preview.update(answer));
    this.addEventListener("input", (event) => this.#typed(event.target));
    this.addEventListener("change", (event) => this.#saver.touched(event.target));
    this.addEventListener("click", (event) => this.#jump(event));
    this.addEventListener("keydown", (event) => this.#move(event));
    form.addEventListener("submit", (event) => this.#submit(event));
    new MergeMenu(this);
    new Presence(this, (words) => this.#say(words));
    this.#makeSortable();
    this.#saver.restore();
  }

  #typed(field) {
    if (this.#saver.touched(field)) this.#ahead.touched();
  }

  #submit(event) {
    const button = event.submitter;
    if (button?.hasAttribute("data-native")) {
      this.#saver.leave();
      return;
    }
    event.preventDefault();
    if (button?.getAttribute("aria-disabled") !== "true") this.#saver.act(button?.value ?? "save");
  }

  // Alt and an arrow move the block one is in, from any of its fields.
  #move(event) {
    const word = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    const block = event.target.closest?.("[data-block]");
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !word || !block) return;
    event.preventDefault();
    this.#saver.act(`${word} ${block.dataset.block}`);
  }

  #makeSortable() {
    Sortable.create(this.querySelector("#blocks"), {
      handle: ".grip",
      ghostClass: "lifted",
      forceFallback: true, // the same by mouse and by touch
      onEnd: ({ item, oldIndex, newIndex }) => {
        if (oldIndex !== newIndex) this.#saver.act(`to ${item.dataset.block} ${newIndex}`);
      },
    });
  }

  #apply(answer, { touched, all = false }) {
    const focus = new Focus(this);
    const page = new DOMParser().parseFromString(answer.page, "text/html");
    takeOver(this, page.querySelector("live-composer"), { merged: new Set(answer.merged), touched, all });
    for (const held of this.querySelectorAll(".held")) unfold(held);
    focus.restore();
    if (!touched.size) {
      this.#ahead.stop();
      this.#preview.update(answer);
    }
    this.#say(answer.said);
  }

  #say(words) {
    if (words) this.querySelector("#said").textContent = words;
  }

  #tell(state) {
    this.dataset.state = state;
    const trouble = this.querySelector("#trouble");
    const words = { waiting: 1, signedOut: 1, closed: 1, failed: 1 }[state] ? this.dataset[state] : "";
    if (trouble.textContent !== words) trouble.textContent = words;
    trouble.hidden = !words;
    if (state === "restored") this.#say(this.dataset.restored);
  }

  // A finding leads to its field, which may lie in a block that is folded, or be a text with an editor of its own.
  #jump(event) {
    const link = event.target.closest?.("a[data-jump]");
    const target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!target) return;
    event.preventDefault();
    this.#openAt(target);
  }

  #openAt(target) {
    if (!target) return;
    unfold(target.matches("[data-block]") ? (target.querySelector("details") ?? target) : target);
    const field = target.matches("[data-block]") ? (target.querySelector("details input[type=text], rich-text") ?? target) : target;
    (field.closest("rich-text") ?? field).focus();
    target.scrollIntoView({ block: "nearest" });
  }
}

// Open whatever something is folded away in.
function unfold(element) {
  for (let each = element.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
}

customElements.define("live-composer", LiveComposer);
