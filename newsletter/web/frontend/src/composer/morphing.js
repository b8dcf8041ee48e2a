// Makes the page what the server has sent, and leaves alone what somebody is just writing.

import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";

const OURS = new Set(["said", "trouble", "merge-dialog"]); // filled by the script, or by whoever has it open
const CONTROLS = "input:not([type=hidden]), textarea, select";

// `merged` names the fields whose words changed on the server, `touched` those changed here since it was asked. With
// `all` the server's words count for every field that was not touched.
export function takeOver(root, fresh, { merged, touched, all }) {
  const texts = [];
  const keepsWords = (name) => touched.has(name) || (!all && !merged.has(name));

  function beforeNodeMorphed(old, next) {
    if (old.nodeType !== Node.ELEMENT_NODE) return true;
    if (old.localName === "iframe" || OURS.has(old.id)) return false;
    if (old.localName === "rich-text" && old.querySelector("textarea")) {
      texts.push([old, next.querySelector("textarea")]);
      return false;
    }
    if (old.matches(CONTROLS) && next.matches?.(CONTROLS)) carry(old, next, keepsWords, touched);
    return true;
  }

  Idiomorph.morph(root, fresh.childNodes, {
    morphStyle: "innerHTML",
    callbacks: {
      beforeNodeMorphed,
      // What is folded and what is open is up to whoever looks.
      beforeAttributeUpdated: (name, node) => !(name === "open" && node.localName === "details"),
    },
  });
  for (const [text, area] of texts) if (!keepsWords(area.name)) text.value = area.value;
}

function carry(old, next, keepsWords, touched) {
  if (old.type === "checkbox" || old.type === "radio") {
    if (!old.form || touched.has(old.name)) next.checked = old.checked;
  } else if (old.localName === "select") {
    if (touched.has(old.name)) for (const option of next.options) option.selected = option.value === old.value;
  } else if (keepsWords(old.name)) {
    next.value = old.value;
    if (old.localName === "input") next.setAttribute("value", old.value);
  }
}
