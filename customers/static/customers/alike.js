// Warns of customers like the one that is being typed, once the typing pauses.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("alike");
  const form = place?.closest("form");
  if (!form) return;
  const watched = ["organization", "display_name", "company_name", "first_name", "last_name", "email", "phone"];
  const pause = 400;
  let timer, asked = 0;

  const value = (name) => form.elements.namedItem(name)?.value ?? "";

  function line(found) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = found.url;
    link.textContent = found.name;
    item.append(`${found.why}: `, link);
    return item;
  }

  function show(alike) {
    place.replaceChildren();
    if (!alike.length) return;
    const list = document.createElement("ul");
    list.append(...alike.map(line));
    const said = document.createElement("p");
    said.textContent = "This organization has customers like this one:";
    place.append(said, list);
  }

  async function ask() {
    const body = new FormData();
    for (const name of [...watched, "csrfmiddlewaretoken"]) body.set(name, value(name));
    if (place.dataset.customer) {
      body.set("customer", place.dataset.customer);
      body.set("organization", place.dataset.organization);
    }
    const number = ++asked;
    try {
      const answer = await fetch(place.dataset.url, { method: "POST", body, credentials: "same-origin" });
      const found = answer.ok && !answer.redirected ? (await answer.json()).alike : [];
      if (number === asked) show(found);
    } catch {
      if (number === asked) show([]); // It's asked again at the next key, and in any case when it's saved.
    }
  }

  function later(event) {
    if (!watched.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  }

  form.addEventListener("input", later);
  window.django?.jQuery(form).on("change", later); // the menu that searches tells jQuery alone
});
