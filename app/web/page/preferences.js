// What this browser keeps: light or dark, and whether single keys do something.

const THEMES = ["system", "light", "dark"];

const stored = (name, fallback) => {
  // A browser may refuse to keep anything.
  try {
    return localStorage.getItem(`429chain.${name}`) ?? fallback;
  } catch {
    return fallback;
  }
};

const store = (name, value) => {
  try {
    localStorage.setItem(`429chain.${name}`, value);
  } catch {
    // It is then kept until the page is left.
  }
};

let theme = stored("theme", "system");
let keys = stored("keys", "on") === "on";

export const preferred = {
  themes: THEMES,
  theme: () => theme,
  keys: () => keys,

  apply() {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  },

  useTheme(name) {
    theme = THEMES.includes(name) ? name : "system";
    store("theme", theme);
    preferred.apply();
  },

  useKeys(on) {
    keys = on;
    store("keys", on ? "on" : "off");
  },
};
