/**
 * <live-page pending>: while more can come, the page is asked for again (seldom, while nothing comes soon:
 * pending="slowly"), and what differs of its regions (data-live with an id) is taken over; a region in which somebody
 * has the focus waits. What is said aloud (data-said) is what the first data-state says (data-says) once it changes,
 * and nothing else.
 *
 * <time data-countdown> counts the minutes and seconds to its moment in the element its data-countdown names.
 */

const EVERY_MS = 2_000;
const SLOWLY_MS = 60_000;
const PAUSE_FACTOR = 4; // the server needs the processor more

class LivePage extends HTMLElement {
  #timer;

  connectedCallback() {
    this.#wait(this.#every);
    document.addEventListener("visibilitychange", this.#seen);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  #seen = () => {
    if (!document.hidden) this.#wait(0);
  };

  get #every() {
    return this.getAttribute("pending") === "slowly" ? SLOWLY_MS : EVERY_MS;
  }

  #wait(duration) {
    clearTimeout(this.#timer);
    if (this.hasAttribute("pending")) this.#timer = setTimeout(() => this.#look(), duration);
  }

  async #look() {
    if (document.hidden) return;
    const began = performance.now();
    try {
      const url = new URL(location.href);
      url.searchParams.delete("done");
      const answer = await fetch(url, { headers: { accept: "text/html", "x-by-itself": "1" } });
      if (answer.ok && !answer.redirected) this.#take(await answer.text());
    } catch {
      // The server is away for a moment: the next look tells more.
    }
    this.#wait(Math.max(this.#every, PAUSE_FACTOR * (performance.now() - began)));
  }

  #take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const before = this.querySelector("[data-state]")?.dataset.state;
    let isWhole = true;
    for (const region of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(region.id);
      if (!fresh || fresh.innerHTML === region.innerHTML) continue;
      if (region.contains(document.activeElement)) isWhole = false;
      else region.replaceChildren(...fresh.childNodes);
    }
    count();
    const state = this.querySelector("[data-state]");
    if (state && state.dataset.state !== before && state.dataset.says) {
      this.querySelector("[data-said]").textContent = state.dataset.says;
    }
    const pending = page.querySelector("live-page")?.getAttribute("pending") ?? (isWhole ? null : "");
    if (pending === null) this.removeAttribute("pending");
    else this.setAttribute("pending", pending);
  }
}

customElements.define("live-page", LivePage);

function count() {
  for (const time of document.querySelectorAll("time[data-countdown]")) {
    const left = Math.max(0, Math.round((new Date(time.dateTime) - Date.now()) / 1_000));
    const shown = document.getElementById(time.dataset.countdown);
    if (shown && left < 6_000) shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }
}

count();
setInterval(count, 1_000);
