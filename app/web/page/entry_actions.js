// What can be done with an entry, from wherever it is shown.

import { call } from "./api.js";
import { openMenu } from "./dialog.js";
import { entryOf, isLost, live, load } from "./live.js";
import { tellError, toast } from "./toast.js";

const LOST = "not connected";

/** The menu of an entry; `more` are items of the view it stands in. */
export function entryMenu(button, name, more = []) {
  const lost = isLost() ? LOST : "";
  const { enabled } = switchOf(name);
  openMenu(button, [
    ...more,
    ["test", () => tryEntry(name), lost],
    ["clear cooldown", () => clearEntry(name), lost],
    [enabled ? "switch off" : "switch on", () => switchEntry(name, !enabled), lost],
    ["copy name", () => copyText(name, `Copied ${name}`)],
  ]);
}

/** Its provider and model, and whether the model is switched on. */
function switchOf(name) {
  const slash = name.indexOf("/");
  const [id, model] = [name.slice(0, slash), name.slice(slash + 1)];
  const provider = live.providers?.find((one) => one.id === id);
  return { id, model, enabled: provider?.models[model]?.enabled ?? true };
}

export function tryEntry(name) {
  location.hash = `test?to=${encodeURIComponent(name)}`;
}

/** The path of a clear: of one model, or of the whole account. */
const clearPath = (id, model) =>
  `api/limits/${encodeURIComponent(id)}${model ? `/${encodeURIComponent(model)}` : ""}/clear`;

/** Lift what blocks an entry; without a model, the whole account's. */
export async function clearEntry(name) {
  const [id, ...rest] = name.split("/");
  try {
    const after = await call("POST", clearPath(id, rest.join("/")));
    for (const entry of after.items) live.entries.set(entry.entry, entry);
    toast(`Cleared: ${id} is asked again with the next request.`);
    await load();
  } catch (error) {
    tellError(error);
  }
}

/** Switch a model off or on, wherever it stands. */
export async function switchEntry(name, enabled) {
  const { id, model } = switchOf(name);
  try {
    await call(
      "PATCH",
      `api/providers/${encodeURIComponent(id)}`,
      { models: { [model]: { enabled } } },
      { version: live.version },
    );
    const where = live.chains.filter((chain) => chain.entries.includes(name)).map((chain) => chain.name);
    await load();
    const { version } = live;
    toast(`${name} is switched ${enabled ? "on" : "off"}${where.length ? ` in ${where.join(", ")}` : ""}.`, "flow", [
      "Undo",
      () => undo(version),
    ]);
  } catch (error) {
    await told(error, "switch");
  }
}

/** Take the last change of the config back, unless it is another than the one of `version` by now; whether it was. */
export async function undo(version = live.version) {
  try {
    const undone = await call("POST", "api/undo", {}, { version });
    toast(`Undone: ${undone.change}.${undone.left ? "" : " Nothing is left to undo."}`);
    await load();
    return true;
  } catch (error) {
    await told(error, "undo");
    return false;
  }
}

/** Say why a change was not made; where the config moved underneath, show what it is now. */
export async function told(error, change) {
  if (error.status !== 412) return tellError(error);
  toast(`config.toml was changed elsewhere; your ${change} was not saved. What is shown is new: do it again.`, "low");
  await load().catch(tellError);
}

/** Whether an entry is gone from its provider's list. */
export const isGone = (name) => entryOf(name).reason === "no-model";

export async function copyText(text, done) {
  // Without https there is no clipboard but on this very machine.
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(`The browser took no clipboard text. Select it here: ${text}`, "low");
  }
}
