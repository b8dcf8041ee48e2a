/**
 * The contrast of a publication's colour, while one types: the same numbers as newsletter/rendering/legibility.py.
 *
 * <colour-check data-sample="/staff/publications/news/sample"> holds the field `colour`, a row for each ground with
 * data-ground, its ratio ([data-ratio]) and its verdicts ([data-verdict="enough"|"weak"]), the advice ([data-advice])
 * with a button of the shade ([data-shade]), and the frame of the sample.
 */

const WHITE = "#ffffff";
const LIGHT_PAGE = "#f4f2ee";
const DARK_PAGE = "#121518";
const ENOUGH = 4.5;
const STEPS = 50;

const parsed = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
const written = (colour) => `#${colour.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
const linear = (channel) => (channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4);

function luminance(colour) {
  const [red, green, blue] = parsed(colour).map((each) => linear(each / 255));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** Half to even, as Python rounds. */
function rounded(value) {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
}

/** The colour, moved towards black or white until it can be read on the ground. */
function shade(colour, ground, towards) {
  for (let step = 0; step <= STEPS; step += 1) {
    const mixed = written(parsed(colour).map((each) => rounded(each + (towards - each) * (step / STEPS))));
    if (contrast(mixed, ground) >= ENOUGH) return mixed;
  }
  return written([towards, towards, towards]);
}

const floored = (ratio) => Math.floor(ratio * 100) / 100;

/** What legibility_of gives; ratios as they are shown. */
export function legibility(colour) {
  return {
    white: floored(contrast(colour, WHITE)),
    light: floored(contrast(colour, LIGHT_PAGE)),
    dark: floored(contrast(colour, DARK_PAGE)),
    shade: shade(colour, LIGHT_PAGE, 0),
    darkShade: shade(colour, DARK_PAGE, 255),
  };
}

class ColourCheck extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("[name=colour]");
    this.picker = this.querySelector("[type=color]");
    this.picker.parentElement.hidden = false;
    this.design = this.closest("form").elements.design;
    this.design.addEventListener("change", () => this.typed(this.field.value));
    this.field.addEventListener("input", () => this.typed(this.field.value));
    this.picker.addEventListener("input", () => this.take(this.picker.value));
    this.querySelector("[data-shade]").addEventListener("click", (event) => {
      event.preventDefault();
      this.take(event.currentTarget.dataset.shade);
      this.field.focus();
    });
  }

  take(colour) {
    this.field.value = colour;
    this.typed(colour);
  }

  typed(text) {
    const colour = `#${text.trim().replace(/^#/, "").toLowerCase()}`;
    if (!/^#[0-9a-f]{6}$/.test(colour)) return;
    const seen = legibility(colour);
    this.picker.value = colour;
    for (const row of this.querySelectorAll("[data-ground]")) this.tell(row, seen[row.dataset.ground]);
    for (const swatch of this.querySelectorAll("[data-colour]")) swatch.setAttribute(swatch.dataset.colour, colour);
    this.advise(seen);
    this.show(colour);
  }

  tell(row, ratio) {
    const language = document.documentElement.lang;
    const told = ratio.toLocaleString(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    row.querySelector("[data-ratio]").textContent = told;
    for (const verdict of row.querySelectorAll("[data-verdict]")) {
      verdict.hidden = (verdict.dataset.verdict === "enough") !== ratio >= ENOUGH;
    }
  }

  advise(seen) {
    this.querySelector("[data-advice]").hidden = Math.min(seen.white, seen.light) >= ENOUGH;
    const button = this.querySelector("[data-shade]");
    button.dataset.shade = seen.shade;
    button.querySelector("code").textContent = seen.shade;
    button.querySelector("rect").setAttribute("fill", seen.shade);
    this.querySelector("[data-dark-shade]").textContent = seen.darkShade;
  }

  /** The sample follows when the typing rests: it is rendered by the server. */
  show(colour) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      const frame = this.querySelector("iframe");
      frame.src = `${this.dataset.sample}?${new URLSearchParams({ colour: colour.slice(1), design: this.design.value })}`;
    }, 300);
  }
}

customElements.define("colour-check", ColourCheck);
