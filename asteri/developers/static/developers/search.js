// The search: a combobox over the index that the server makes of every page (WAI-ARIA's pattern for comboboxes).
"use strict";
{
  const MOST = 12;
  const WEIGHTS = [["title", 8], ["method", 4], ["page", 3], ["text", 1]];
  const field = document.getElementById("search-field");
  const list = document.getElementById("search-results");
  const status = document.getElementById("search-status");
  let index;
  let active = -1;

  const fold = (text) => (text || "").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  async function load() {
    index ??= fetch(field.dataset.index).then((response) => response.json()).then((entries) => entries.map((entry) => ({
      entry,
      folded: Object.fromEntries(WEIGHTS.map(([name]) => [name, fold(entry[name])])),
    })));
    return index;
  }

  function score(folded, words) {
    let total = 0;
    for (const word of words) {
      let best = 0;
      for (const [name, weight] of WEIGHTS) {
        const place = folded[name].indexOf(word);
        if (place >= 0) best = Math.max(best, weight * (place === 0 || /\W/.test(folded[name][place - 1]) ? 2 : 1));
      }
      if (!best) return 0; // every word has to be found
      total += best;
    }
    return total;
  }

  function around(text, word) {
    const place = Math.max(0, fold(text).indexOf(word) - 40);
    const piece = text.slice(place, place + 110).trim();
    return `${place ? "…" : ""}${piece}${place + 110 < text.length ? "…" : ""}`;
  }

  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };

  function option({ entry }, number, words) {
    const title = element("span", { className: "title" }, entry.title);
    if (entry.method) title.prepend(element("span", { className: `method ${entry.method.toLowerCase()}` }, entry.method), " ");
    const link = element("a", { href: entry.url, tabIndex: -1 }, title,
      element("span", { className: "where" }, entry.page),
      element("span", { className: "piece" }, around(entry.text, words[0])));
    const item = element("li", { id: `search-result-${number}` }, link);
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    return item;
  }

  function open(isOpen) {
    list.hidden = !isOpen;
    field.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) mark(-1);
  }

  function mark(number) {
    active = number;
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === active)));
    const item = list.children[active];
    if (item) {
      field.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else {
      field.removeAttribute("aria-activedescendant");
    }
  }

  async function look() {
    const asked = field.value;
    const words = fold(asked).split(/\s+/).filter(Boolean);
    const entries = words.length ? await load() : [];
    if (field.value !== asked) return; // a later letter has been typed meanwhile
    const found = entries.map((one) => [score(one.folded, words), one]).filter(([points]) => points);
    found.sort(([one], [other]) => other - one);
    list.replaceChildren(...found.slice(0, MOST).map(([, one], number) => option(one, number, words)));
    open(found.length > 0);
    if (found.length) mark(0);
    status.textContent = words.length ? `${found.length || "No"} ${found.length === 1 ? "result" : "results"}` : "";
    field.parentElement.toggleAttribute("data-empty", words.length > 0 && !found.length);
  }

  function go() {
    const link = list.children[active]?.querySelector("a");
    if (!link) return;
    open(false);
    field.blur();
    link.click();
  }

  const KEYS = {
    ArrowDown: () => mark((active + 1) % list.children.length),
    ArrowUp: () => mark((active - 1 + list.children.length) % list.children.length),
    Enter: go,
    Escape: () => { if (list.hidden) field.value = ""; open(false); },
  };
  field.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || (list.hidden && event.key !== "Escape")) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  field.addEventListener("focus", load);
  field.addEventListener("input", look);
  document.addEventListener("click", (event) => { if (!event.target.closest(".search")) open(false); });
  list.addEventListener("click", () => open(false));
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}
