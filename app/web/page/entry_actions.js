// What can be done with an entry, from wherever it is shown.

import { call, named } from "./api.js";
import { change } from "./changes.js";
import { entryOf, isLost, live, load } from "./live.js";
import { tellError, toast } from "./toast.js";

/** Why nothing can be changed now, for the items of a menu. */
export const whyNow = () => (isLost() ? "not connected" : "");

/** The menu of an entry, as `openMenu` takes it. */
export function entryItems(name) {
  const { enabled } = settingsOf(name);
  return [
    ["test", () => tryEntry(name), whyNow()],
    ["clear cooldown", () => clearEntry(name), whyNow()],
    [enabled ? "switch off" : "switch on", () => switchEntry(name, !enabled), whyNow()],
    ["copy name", () => copyText(name, `Copied ${name}`)],
  ];
}

/** Its provider and model, and whether the model is switched on. */
function settingsOf(name) {
  const [id, ...rest] = name.split("/");
  const model = rest.join("/");
  const provider = live.providers?.find((one) => one.id === id);
  return { id, model, enabled: provider?.models[model]?.enabled ?? true };
}

export function tryEntry(name) {
  location.hash = `test?to=${encodeURIComponent(name)}`;
}

/** Lift what blocks an entry; of a provider alone, the whole account's. */
export async function clearEntry(name) {
  const { id, model } = settingsOf(name);
  try {
    await call("POST", named("limits", id, `${model ? `/${encodeURIComponent(model)}` : ""}/clear`));
    toast(`Cleared: ${id} is asked again with the next request.`);
    await load();
  } catch (error) {
    tellError(error);
  }
}

/** Switch a model off or on, wherever it stands. */
export async function switchEntry(name, enabled) {
  const { id, model } = settingsOf(name);
  const where = live.chains.filter((chain) => chain.entries.includes(name)).map((chain) => chain.name);
  const said = `${name} is switched ${enabled ? "on" : "off"}${where.length ? ` in ${where.join(", ")}` : ""}.`;
  await change("PATCH", named("providers", id), { models: { [model]: { enabled } } }, "switch", said);
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
