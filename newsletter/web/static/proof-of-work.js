// <proof-of-work>: has a worker solve the challenge of a sign-up form, and puts the solution into its hidden field.
//
// The work begins when somebody enters the form, not when they merely look at it. A button that is pressed
// before the work is done waits for it.

class ProofOfWork extends HTMLElement {
  #work = null;

  connectedCallback() {
    this.form = this.closest("form");
    this.field = this.querySelector("input");
    this.status = this.querySelector("[role=status]");
    this.form.addEventListener("focusin", () => this.#begin(), { once: true });
    this.form.addEventListener("submit", (event) => this.#hold(event));
    if (this.form.contains(document.activeElement)) this.#begin();
  }

  #begin() {
    this.#work ??= this.#solved().then(
      (solution) => this.#done(solution),
      () => this.#failed(),
    );
    return this.#work;
  }

  #hold(event) {
    if (this.field.value) return;
    event.preventDefault();
    this.#say("working");
    this.#begin().then(() => this.field.value && this.form.requestSubmit());
  }

  #solved() {
    const challenge = JSON.parse(this.getAttribute("challenge"));
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.getAttribute("worker"), { type: "module" });
      worker.onmessage = ({ data }) => {
        worker.terminate();
        if (data.solution) resolve({ challenge, solution: data.solution });
        else reject(new Error(data.problem));
      };
      worker.onerror = reject;
      worker.postMessage(challenge.parameters);
    });
  }

  #done(payload) {
    this.field.value = btoa(JSON.stringify(payload));
    this.status.textContent = "";
  }

  #failed() {
    this.#work = null; // the next press tries again
    this.#say("failed");
  }

  #say(what) {
    this.status.textContent = this.status.dataset[what];
  }
}

customElements.define("proof-of-work", ProofOfWork);
