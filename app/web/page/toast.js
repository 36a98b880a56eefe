// Short messages at the edge, and words for those who hear the page instead of seeing it.

import { h, render } from "./dom.js";

const STAYS = { flow: 4000, low: 6000, out: 10_000 };
const SAVED_STAYS = 8000;
const MOST = 2;

let toasts = [];
let ids = 0;

/** Say what happened. `kind` is `flow`, `low` or `out`; `action` a `[word, act]`, such as Undo: the newest only. */
export function toast(text, kind = "flow", action = null) {
  const one = { id: (ids += 1), text, kind, action };
  toasts = [...toasts.filter((other) => other.text !== text && !(action && other.action)), one].slice(-MOST);
  setTimeout(() => dismiss(one), action ? SAVED_STAYS : STAYS[kind]);
  draw();
}

/** Say why something could not be done. An aborted request is no news. */
export function tellError(error) {
  if (error.name === "AbortError") return;
  if (error.status === undefined) throw error;
  if (error.status !== 401) toast(error.told, "out");
}

function dismiss(one) {
  toasts = toasts.filter((other) => other !== one);
  draw();
}

function draw() {
  render(document.getElementById("toasts"), toasts.map(shown));
}

function shown(one) {
  return h(
    "div",
    { key: one.id, class: `toast ${one.kind}`, role: one.kind === "out" ? "alert" : "status" },
    h("span", one.text),
    one.action &&
      h(
        "button.link",
        {
          onclick: () => {
            dismiss(one);
            one.action[1]();
          },
        },
        one.action[0],
      ),
    h("button.close", { "aria-label": "dismiss", onclick: () => dismiss(one) }, "×"),
  );
}

/** Words for a screen reader alone. */
export function announce(text) {
  render(document.getElementById("announcements"), text);
}
