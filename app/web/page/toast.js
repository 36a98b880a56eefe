// Short messages at the edge, and words for those who hear the page instead of seeing it.

import { told } from "./api.js";
import { h, render } from "./dom.js";

const STAYS = { flow: 4000, low: 6000, out: 10_000 };
const SAVED_STAYS = 8000;
const LINGERS = 1000;
const MOST = 2;

let toasts = [];
let ids = 0;

/** Say what happened. `kind` is `flow`, `low` or `out`; `action` a `[word, act]`, such as Undo: the newest only. */
export function toast(text, kind = "flow", action = null) {
  const one = { id: (ids += 1), text, kind, action };
  toasts = [...toasts.filter((other) => other.text !== text && !(action && other.action)), one].slice(-MOST);
  setTimeout(() => expire(one), action ? SAVED_STAYS : STAYS[kind]);
  draw();
}

/** Not from under somebody's hand. */
function expire(one) {
  if (document.querySelector("#toasts:hover, #toasts:focus-within")) setTimeout(() => expire(one), LINGERS);
  else dismiss(one);
}

/** Say why something could not be done. An aborted request is no news; one who is signed out sees it. */
export function tellError(error) {
  if (error.name !== "AbortError" && error.status !== 401) toast(told(error), "out");
}

function dismiss(one) {
  toasts = toasts.filter((other) => other !== one);
  draw();
}

const draw = () => render(document.getElementById("toasts"), toasts.map(shown));

function shown(one) {
  const [word, act] = one.action ?? [];
  const take = () => {
    dismiss(one);
    act();
  };
  return h(
    `div.toast.${one.kind}`,
    { key: one.id, role: one.kind === "out" ? "alert" : "status" },
    h("span", one.text),
    act && h("button.link", { onclick: take }, word),
    h("button.close", { "aria-label": "dismiss", onclick: () => dismiss(one) }, "×"),
  );
}

/** Words for a screen reader alone. */
export const announce = (text) => render(document.getElementById("announcements"), text);
