// What was changed from this page, and the way back.

import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { undo } from "./entry_actions.js";
import { isLost, live, now } from "./live.js";
import { button, heading } from "./parts.js";
import { toast } from "./toast.js";
import { seconds } from "./words.js";

const MOST = 20;

let changes = [];
let ids = 0;

/** Say what was changed, with a way back that ends where somebody changes something else. */
export function note(text) {
  changes = [{ id: (ids += 1), at: new Date(now()), text }, ...changes].slice(0, MOST);
  const { version } = live;
  toast(text, "flow", ["Undo", () => undoLast(version)]);
}

async function undoLast(version) {
  if (await undo(version)) changes = changes.slice(1);
  redraw();
}

/** The changes, newest first. */
export function changesMade() {
  return h("section", { key: "changes" }, heading("changes"), changes.length ? listed() : none());
}

const listed = () => [
  h(
    "ul.changes",
    changes.map((one) => h("li", { key: one.id }, h("span.muted", seconds(one.at)), ` ${one.text}`)),
  ),
  button("Undo the last change", () => undoLast(live.version), { disabled: isLost() }),
];

const none = () =>
  h(
    "p.muted",
    "None from this page yet. ",
    h("button.link", { onclick: () => undo() }, "Undo"),
    " takes back the last one, wherever it was made.",
  );
