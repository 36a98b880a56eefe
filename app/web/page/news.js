// What changed that a person should hear of: said once, in the words of the terminal.

import { isUsable } from "./entry.js";
import { live, now, onEvent } from "./live.js";
import { announce, toast } from "./toast.js";
import { inWords, moments } from "./words.js";

const AGAIN_AFTER = 10_000;
const saidAt = new Map();

/** Say what becomes of entries and chains from now on. */
export function watchEntries() {
  onEvent((name, data) => {
    if (name !== "entries") return;
    data.after.forEach((entry, index) => entryTurned(data.before[index], entry));
  });
}

function entryTurned(before, entry) {
  if (!before || (before.state === entry.state && before.reason === entry.reason)) return;
  const id = entry.entry.split("/")[0];
  if (entry.reason === "bad-key") {
    say(`key ${id}`, `${id} refused its key. Its entries are off until the key changes.`, "out", [
      "Fix it",
      () => {
        location.hash = `providers/${id}`;
      },
    ]);
  } else if (entry.reason === "no-credit") {
    say(`credit ${id}`, `${id} is out of credit for ${entry.entry}; it is retried by itself, or after a clear.`, "low");
  } else if (entry.state === "down") {
    say(
      `down ${id}`,
      `${id} does not answer. Next try ${entry.until ? moments(entry.until, now()) : "soon"}, by itself.`,
      "low",
    );
  } else if (isUsable(before) && !isUsable(entry)) {
    const back = entry.until ? `, back ${moments(entry.until, now())}` : "";
    const next = live.chains.find((chain) => chain.entries.includes(entry.entry))?.next;
    const goesOn = next && next !== entry.entry ? ` Requests go on with ${next.split("/")[0]}.` : "";
    announce(`${entry.entry} is out: ${inWords(entry.reason ?? entry.state)}${back}.${goesOn}`);
  }
  dryChains(entry, before);
}

/** A chain whose last usable entry has just gone. */
function dryChains(entry, before) {
  if (!isUsable(before) || isUsable(entry)) return;
  for (const chain of live.chains) {
    if (!chain.entries.includes(entry.entry)) continue;
    const states = chain.entries.map((name) => live.entries.get(name)).filter(Boolean);
    if (states.some(isUsable)) continue;
    const back = states
      .filter((one) => one.until)
      .sort((one, other) => Date.parse(one.until) - Date.parse(other.until))[0];
    say(
      `dry ${chain.name}`,
      back
        ? `Chain ${chain.name} has no usable entry. ${back.entry} is first back, ${moments(back.until, now())}.`
        : `Chain ${chain.name} cannot serve: nothing comes back by itself.`,
      back ? "low" : "out",
    );
  }
}

function say(which, text, kind, action = null) {
  if (Date.now() - (saidAt.get(which) ?? 0) < AGAIN_AFTER) return;
  saidAt.set(which, Date.now());
  toast(text, kind, action);
}
