// Changing the config: saved at once, said with a way back; what came too late is told.

import { call } from "./api.js";
import { h, redraw } from "./dom.js";
import { live, load, now } from "./live.js";
import { action, muted, section, wordButton } from "./parts.js";
import { tellError, toast } from "./toast.js";
import { seconds } from "./words.js";

const MOST = 20;

let changes = [];
let ids = 0;

/**
 * Write to the config. `said` tells it, with a way back; what could not be done is told as `what` was
 * not saved. `version` is that of the config which the person saw. Resolves with whether it was done.
 */
export async function change(method, path, body, what, said, version = live.version) {
  try {
    await call(method, path, body, { version });
    await load();
    note(said);
    return true;
  } catch (error) {
    await refused(error, what);
    return false;
  }
}

/** Say what was changed, with a way back that ends where somebody changes something else. */
function note(text) {
  changes = [{ id: (ids += 1), at: new Date(now()), text }, ...changes].slice(0, MOST);
  const { version } = live;
  toast(text, "flow", ["Undo", () => undo(version)]);
}

/** Take the last change back, unless it is another than the one of `version` by now. */
async function undo(version) {
  try {
    const undone = await call("POST", "api/undo", {}, { version });
    toast(`Undone: ${undone.change}.${undone.left ? "" : " Nothing is left to undo."}`);
    changes = changes.slice(1);
    await load();
  } catch (error) {
    await refused(error, "undo");
  }
  redraw();
}

/** Say why a change was not made; where the config moved underneath, show what it is now. */
async function refused(error, what) {
  if (error.status !== 412) return tellError(error);
  toast(`config.toml was changed elsewhere; your ${what} was not saved. What is shown is new: do it again.`, "low");
  return load().catch(tellError);
}

/** The changes, newest first. */
export function changesMade() {
  const none = [wordButton("Undo", () => undo(live.version)), " takes back the last one, wherever it was made."];
  if (!changes.length) return section("changes", "", h("p.muted", "None from this page yet. ", none));
  const rows = changes.map((one) => h("li", { key: one.id }, muted(seconds(one.at)), ` ${one.text}`));
  return section(
    "changes",
    "",
    h("ul.changes", rows),
    action("Undo the last change", () => undo(live.version)),
  );
}
