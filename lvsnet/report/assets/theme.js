// Light or dark: as the system has it, until somebody chooses.

const THEMES = ["system", "light", "dark"];

function chosenTheme() {
  try {
    const found = localStorage.getItem("lvsnet-theme");
    return THEMES.includes(found) ? found : "system";
  } catch {
    return "system";  // a page from the disk may have no storage
  }
}

function setTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("lvsnet-theme", name);
  } catch {
    return;
  }
}

/** A choice of the three. */
function themeSwitch() {
  const choice = el("select", {
    "aria-label": "Colours", class: "theme", change: () => setTheme(choice.value),
  }, ...THEMES.map((one) => el("option", { value: one }, one === "system" ? "auto" : one)));
  choice.value = chosenTheme();
  setTheme(choice.value);
  return choice;
}
