// What the keys do and what the signs mean.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { tick } from "./parts.js";
import { prefer, preferred } from "./preferences.js";

const KEYS = [
  ["1 … 6", "Board, Chains, Requests, Test, Providers, Stats"],
  ["/", "filter"],
  ["?", "this page"],
  ["space", "on a grip: lift the entry, drop it"],
  ["↑ ↓", "move the lifted entry; esc puts it back"],
];
const SIGNS = [
  ["▶", "serves the next request", "flow"],
  ["○ ●", "free, and with limits known", "flow"],
  ["▲", "under 20 % left", "low"],
  ["×", "exhausted; in a trail: refused", "out"],
  ["◔", "cooling after a 429", "low"],
  ["▼", "down, probed soon", "out"],
  ["–", "off: no key, disabled, …", "muted"],
  ["·", "in a trail: skipped, nothing was sent", "muted"],
  ["!", "in a trail: failed (5xx, timeout, cut off)", "low"],
];

const legend = (rows) =>
  h(
    "dl.facts.keys",
    rows.map(([one, means, role = "flow"]) => [
      h(`dt.${role}`, { key: one }, one),
      h("dd", { key: `${one} means` }, means),
    ]),
  );

export const help = () =>
  openDialog("keys and signs", (close, paint) => [
    legend(KEYS),
    tick("keys do something", preferred("keys") === "on", (on) => {
      prefer("keys", on ? "on" : "off");
      paint();
    }),
    legend(SIGNS),
    h("p.muted", "rpm rph rpd rpmo: requests a minute, hour, day, month · tpm …: tokens"),
    h("div.buttons", h("button.button", { onclick: () => close() }, "Close")),
  ]);
