// Runs before anything is painted: what the reader chose last time, and that scripts run at all.
{
  const root = document.documentElement;
  root.classList.add("script");
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // A browser that keeps nothing follows the system's colours.
  }
}
