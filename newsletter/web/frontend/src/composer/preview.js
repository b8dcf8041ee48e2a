// The preview: what changed in the mail is changed in the frame, so that nothing flickers and nothing scrolls.

const MAIL_WIDTH = 640; // pixels, what a mail is as wide as in a desktop program
const MARK = /\bblock-of-([\w-]+)/; // the class by which a block is known in the preview
const FRAMES = ["frame-mail", "frame-no-pictures", "frame-text"];

export class Preview {
  #answer;
  #frames;

  // `open` is called with the id of a block that is clicked on.
  constructor(composer, open) {
    this.#frames = FRAMES.map((id) => composer.querySelector(`#${id}`));
    for (const frame of this.#frames) {
      frame.addEventListener("load", () => {
        listen(frame, open);
        if (this.#answer) this.#show(frame);
      });
      listen(frame, open); // it may have been loaded before this script
    }
    const room = composer.querySelector("#frames");
    new ResizeObserver(() => {
      composer.style.setProperty("--mail-scale", Math.min(1, room.clientWidth / MAIL_WIDTH).toFixed(4));
    }).observe(room);
  }

  update(answer) {
    this.#answer = answer;
    for (const frame of this.#frames) this.#show(frame);
  }

  #show(frame) {
    const page = frame.contentDocument;
    if (!page?.body || frame.contentWindow.location.protocol === "about:") return; // not looked at yet
    if (frame.id === "frame-text") {
      const text = page.querySelector("pre");
      if (text && text.textContent !== this.#answer.text) text.textContent = this.#answer.text;
    } else if (this.#answer.mail) {
      // Parsed in the frame, under its policy: that of this page would refuse the mail its styles.
      const fresh = new frame.contentWindow.DOMParser().parseFromString(this.#answer.mail, "text/html");
      renew(page.documentElement, fresh.documentElement);
    }
    frame.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
  }
}

function listen(frame, open) {
  frame.contentDocument?.addEventListener("click", (event) => {
    event.preventDefault(); // links lead nowhere from here
    const [, block] = event.target.closest("[class*=block-of-]")?.getAttribute("class").match(MARK) ?? [];
    if (block) open(block);
  });
}

// Change the least: what is the same stays, what has the same shape is changed inside, all else is replaced.
function renew(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const hasSameShape = old.nodeName === fresh.nodeName && old.nodeType === 1 && old.childNodes.length === fresh.childNodes.length;
  if (!hasSameShape) {
    old.replaceWith(old.ownerDocument.adoptNode(fresh));
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const children = [...fresh.childNodes];
  for (const [index, child] of [...old.childNodes].entries()) renew(child, children[index]);
}
