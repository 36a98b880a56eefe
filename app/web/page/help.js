// What the keys do and what the signs mean.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { preferred } from "./preferences.js";

const KEYS = [
  ["1 … 6", "Board, Chains, Requests, Test, Providers, Stats"],
  ["/", "filter"],
  ["?", "this page"],
  ["space", "on a grip: lift the entry, drop it"],
  ["↑ ↓", "move the lifted entry; esc puts it back"],
];
const SIGNS = [
  ["▶", "flow", "serves the next request"],
  ["○ ●", "flow", "free, and with limits known"],
  ["▲", "low", "under 20 % left"],
  ["×", "out", "exhausted; in a trail: refused"],
  ["◔", "low", "cooling after a 429"],
  ["▼", "out", "down, probed soon"],
  ["–", "muted", "off: no key, disabled, …"],
  ["·", "muted", "in a trail: skipped, nothing was sent"],
  ["!", "low", "in a trail: failed (5xx, timeout, cut off)"],
];

export function help() {
  openDialog("keys and signs", (close, paint) => [
    h(
      "dl.facts.keys",
      KEYS.map(([key, does]) => [h("dt", { key }, h("kbd", key)), h("dd", { key: `${key} does` }, does)]),
    ),
    h(
      "label.check",
      h("input", {
        type: "checkbox",
        checked: preferred.keys(),
        onchange: (event) => {
          preferred.useKeys(event.target.checked);
          paint();
        },
      }),
      "keys do something",
    ),
    h(
      "dl.facts.keys",
      SIGNS.map(([one, role, means]) => [
        h("dt", { key: one, class: role }, one),
        h("dd", { key: `${one} means` }, means),
      ]),
    ),
    h("p.muted", "rpm rph rpd rpmo: requests a minute, hour, day, month · tpm …: tokens"),
    h("div.buttons", h("button.button", { autofocus: true, onclick: () => close() }, "Close")),
  ]);
}
