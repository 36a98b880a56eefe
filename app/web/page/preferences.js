// What this browser keeps: light or dark, and whether single keys do something.

export const THEMES = ["system", "light", "dark"];

const kept = { theme: "system", keys: "on" };

// A browser may refuse to keep anything; it is then kept until the page is left.
const attempt = (act) => {
  try {
    return act();
  } catch {
    return null;
  }
};

for (const name in kept) kept[name] = attempt(() => localStorage.getItem(`429chain.${name}`)) ?? kept[name];

/** What is preferred: `theme` is one of THEMES, `keys` `on` or `off`. */
export const preferred = (name) => kept[name];

export function prefer(name, value) {
  kept[name] = value;
  attempt(() => localStorage.setItem(`429chain.${name}`, value));
  applyTheme();
}

export function applyTheme() {
  document.documentElement.dataset.theme = kept.theme;
}
