"use strict";
// A key that is pasted into the search never leaves the browser: its hint is searched for.

addEventListener("DOMContentLoaded", () => {
  document.getElementById("changelist-search")?.addEventListener("submit", () => {
    const field = document.getElementById("searchbar");
    field.value = field.value.replace(/(ast_(?:live|test)_[0-9A-Za-z]{12})[0-9A-Za-z]+/g, "$1");
  });
});
