// Colours, the menu of a phone, tabs of languages, and buttons that copy. Every page works without it.
"use strict";

const root = document.documentElement;
const announcer = document.getElementById("announcer");

const memory = {
  get(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  },
  set(name, value) {
    try { localStorage.setItem(name, value); } catch { /* A browser that keeps nothing is asked again. */ }
  },
};

function announce(text) {
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50); // emptied first, so that the same words are said again
}

// Colours: the system's until the reader chooses, then the choice.
const themeButton = document.querySelector(".theme");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);
function showTheme() {
  themeButton.setAttribute("aria-pressed", String(isDark()));
}
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  memory.set("theme", root.dataset.theme);
  showTheme();
});
systemIsDark.addEventListener("change", showTheme);
showTheme();

// The navigation on a narrow screen.
const menuButton = document.querySelector(".menu");
const navigation = document.getElementById("navigation");

function openMenu(isOpen) {
  menuButton.setAttribute("aria-expanded", String(isOpen));
  root.classList.toggle("menu-open", isOpen);
}
menuButton.addEventListener("click", () => openMenu(menuButton.getAttribute("aria-expanded") !== "true"));
navigation.addEventListener("click", (event) => { if (event.target.closest("a")) openMenu(false); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && root.classList.contains("menu-open")) {
    openMenu(false);
    menuButton.focus();
  }
});

// Tabs: one choice of language for every request on every page.
function chooseLanguage(language) {
  for (const group of document.querySelectorAll("[data-tabs]")) {
    if (!group.querySelector(`[role=tab][data-language="${language}"]`)) continue;
    for (const tab of group.querySelectorAll("[role=tab]")) {
      const isChosen = tab.dataset.language === language;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
    }
    for (const panel of group.querySelectorAll("[role=tabpanel]")) {
      panel.toggleAttribute("data-folded", panel.dataset.language !== language);
    }
  }
}

function turnTo(tab) {
  const top = tab.getBoundingClientRect().top;
  chooseLanguage(tab.dataset.language);
  memory.set("language", tab.dataset.language);
  tab.focus({ preventScroll: true });
  scrollBy({ top: tab.getBoundingClientRect().top - top, behavior: "instant" }); // what is read stays where it is
}

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
for (const list of document.querySelectorAll("[role=tablist]")) {
  const tabs = [...list.querySelectorAll("[role=tab]")];
  list.addEventListener("click", (event) => { if (event.target.matches("[role=tab]")) turnTo(event.target); });
  list.addEventListener("keydown", (event) => {
    const place = tabs.indexOf(event.target);
    const next = { Home: 0, End: tabs.length - 1 }[event.key] ?? (STEPS[event.key] && place + STEPS[event.key]);
    if (place < 0 || next === undefined) return;
    event.preventDefault();
    turnTo(tabs.at(next % tabs.length));
  });
}
if (memory.get("language")) chooseLanguage(CSS.escape(memory.get("language")));

// Copying: what the frame shows.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text }); // without HTTPS
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  const code = button.closest(".code").querySelector(".panel:not([data-folded]) code");
  await copy(code.textContent);
  button.textContent = "Copied";
  announce("Copied");
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
});

// Where the reader is, in the contents of the page.
const links = new Map([...document.querySelectorAll(".contents a, .side ul ul a")].map((link) => [link.hash.slice(1), link]));
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    for (const link of links.values()) link.removeAttribute("aria-current");
    links.get(entry.target.id).setAttribute("aria-current", "location");
  }
}, { rootMargin: "-80px 0px -70% 0px" });
for (const id of links.keys()) watcher.observe(document.getElementById(id));
