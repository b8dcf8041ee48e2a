/**
 * Questions in a dialog: a form or link with data-ask leads to a page that asks once more. With this module the question
 * of that page (data-question) is shown in a dialog on this one; where that page has none, it is gone to.
 */

async function ask(url) {
  const answer = await fetch(url, { headers: { accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const question = page.querySelector("[data-question]");
  if (!answer.ok || !question) {
    location.assign(answer.redirected ? answer.url : url);
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "question");
  dialog.append(document.adoptNode(question));
  dialog.querySelector("[data-cancel]")?.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function asked(event, url) {
  event.preventDefault();
  ask(url).catch(() => location.assign(url));
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-ask]");
  if (form) asked(event, `${form.action}?${new URLSearchParams(new FormData(form, event.submitter))}`);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-ask]");
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  if (link && isPlain) asked(event, link.href);
});
