// Goes on with an import by itself: presses "Continue" and shows the page that comes, until nothing is left.
"use strict";
(async () => {
  const waiting = () => document.querySelector("#sheet form[data-goes-on]");
  for (let form = waiting(); form; form = waiting()) {
    let answer;
    try {
      answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
    } catch {
      answer = { ok: false };
    }
    const page = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("sheet");
    if (!page) {
      document.getElementById("sheet-state").textContent = "It stopped on the way. Press Continue to go on; nothing is lost.";
      return;
    }
    const focused = document.activeElement?.form === form;
    // What is read aloud stays the same element, or it would not be.
    document.getElementById("sheet-state").textContent = page.querySelector("#sheet-state").textContent.trim();
    for (const part of [".sheet-progress", ".sheet-numbers", ".sheet-actions"]) {
      document.querySelector(part).replaceWith(page.querySelector(part).cloneNode(true));
    }
    if (focused) document.querySelector(".sheet-actions button")?.focus();
    if (!waiting()) {
      const state = document.getElementById("sheet-state");
      document.getElementById("sheet").replaceWith(page);
      page.querySelector("#sheet-state").replaceWith(state);
    }
  }
})();
