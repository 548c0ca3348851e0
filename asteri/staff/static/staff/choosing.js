// Menus that search: each is called what its label says, and one that filters a list shows it at once.
"use strict";

django.jQuery(() => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const name = select.labels[0]?.textContent.trim().replace(/:$/, "");
    const shown = select.parentElement.querySelector(".select2-selection");
    if (name && shown) {
      shown.setAttribute("aria-label", name);
      shown.removeAttribute("aria-labelledby");
      shown.querySelector("[role=textbox]")?.setAttribute("aria-label", name);
    }
  }
  // The menu's own script speaks through jQuery alone.
  django.jQuery(".form-filter select").on("change", (event) => event.target.form.requestSubmit());
});
