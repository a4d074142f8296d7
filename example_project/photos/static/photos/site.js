/* Keeps the page in step with the receivers, and sends pictures one by one so that each shows up at once. Without this
   script the forms work as they stand. */
(() => {
  "use strict";

  const BUSY_MS = 500;
  const IDLE_MS = 3000;
  const OFFLINE_MS = 5000;
  const SPEAK_MS = 5000;

  const sheet = document.getElementById("sheet");
  const summary = document.getElementById("summary");
  const announcement = document.getElementById("announcement");
  const template = document.getElementById("card-template");
  const form = document.getElementById("upload");
  const input = document.getElementById("pictures");
  const progress = document.getElementById("upload-progress");
  const failure = document.getElementById("upload-error");

  let timer = 0;
  let asking = false;
  let askAgain = false;
  let spoken = summary.textContent;
  let spokenAt = 0;

  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  /* The numbers change twice a second while receivers work. A screen reader hears of them every few seconds, and of the
     last ones at once. */
  function report(text, busy) {
    say(summary, text);
    if (text === spoken || (busy && Date.now() - spokenAt < SPEAK_MS)) return;
    announcement.textContent = spoken = text;
    spokenAt = Date.now();
  }

  function fill(card, photo) {
    card.dataset.id = photo.id;
    card.dataset.state = photo.state;
    for (const field of card.querySelectorAll("[data-field]")) {
      const text = photo[field.dataset.field];
      if (field.textContent !== text) field.textContent = text;
      (field.tagName === "DD" ? field.parentElement : field).hidden = !text;
    }
    const image = card.querySelector("[data-image]");
    image.alt = photo.alt;
    if (photo.thumbnail && image.getAttribute("src") !== photo.thumbnail) {
      image.classList.add("developing");
      image.src = photo.thumbnail;
    }
    image.hidden = !photo.thumbnail;
  }

  function show(answer) {
    const cards = new Map(Array.from(sheet.children, (card) => [card.dataset.id, card]));
    let previous = null;
    for (const photo of answer.photos) {
      const card = cards.get(photo.id) || template.content.firstElementChild.cloneNode(true);
      cards.delete(photo.id);
      fill(card, photo);
      const place = previous ? previous.nextElementSibling : sheet.firstElementChild;
      if (card !== place) sheet.insertBefore(card, place);
      previous = card;
    }
    for (const gone of cards.values()) gone.remove();
    report(answer.summary, answer.busy);
    sheet.dataset.busy = String(answer.busy);
    return answer.busy ? BUSY_MS : IDLE_MS;
  }

  async function ask() {
    if (asking) {
      askAgain = true;
      return;
    }
    asking = true;
    window.clearTimeout(timer);
    let pause = OFFLINE_MS;
    try {
      const response = await fetch(sheet.dataset.url, { headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(String(response.status));
      pause = show(await response.json());
    } catch {
      report("The site does not answer. Trying again.", false);
    }
    asking = false;
    if (askAgain) pause = 0;
    askAgain = false;
    if (!document.hidden) timer = window.setTimeout(ask, pause);
  }

  async function send(file) {
    const body = new FormData();
    body.append("pictures", file);
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    let response;
    try {
      response = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": token },
        body,
      });
    } catch {
      return "The site does not answer.";
    }
    if (response.ok) return "";
    const answer = await response.json().catch(() => ({}));
    return answer.error || `The site answered ${response.status}.`;
  }

  async function sendAll(files) {
    if (!files.length || form.dataset.sending) return;
    form.dataset.sending = "true";
    say(failure, "");
    const errors = [];
    for (const [index, file] of files.entries()) {
      say(progress, `Uploading ${index + 1} of ${files.length}: ${file.name}`);
      const error = await send(file);
      if (error) errors.push(`${file.name}: ${error}`);
      ask();
    }
    const sent = files.length - errors.length;
    say(progress, sent ? `${sent} ${sent === 1 ? "picture" : "pictures"} uploaded.` : "");
    say(failure, errors.slice(0, 3).join(" ") + (errors.length > 3 ? ` And ${errors.length - 3} more.` : ""));
    delete form.dataset.sending;
    form.reset();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sendAll(Array.from(input.files));
  });

  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      if (name === "drop" || !form.contains(event.relatedTarget)) form.classList.remove("over");
    });
  }
  form.addEventListener("drop", (event) => sendAll(Array.from(event.dataTransfer.files)));

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) ask();
  });

  for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
  ask();
})();
