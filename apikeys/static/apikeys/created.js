"use strict";
// The page that shows a key once: copies it, and leaves an address behind that a reload may ask for.

const said = document.getElementById("copied");

function say(text) {
  said.textContent = ""; // the same words twice are announced twice
  requestAnimationFrame(() => { said.textContent = text; });
}

function select(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  element.focus();
}

async function copy({ currentTarget: { dataset } }) {
  const source = document.getElementById(dataset.copies);
  try {
    await navigator.clipboard.writeText(source.textContent);
    say(`${dataset.what} is copied.`);
  } catch { // no clipboard without HTTPS, or the browser refuses it
    select(source);
    say(`${dataset.what} is selected: press Ctrl+C, or ⌘C, to copy it.`);
  }
}

for (const button of document.querySelectorAll("[data-copies]")) button.addEventListener("click", copy);
history.replaceState(null, "", document.querySelector("[data-key-page]").dataset.keyPage);
