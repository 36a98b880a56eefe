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
    if (name === "entries") data.after.forEach((entry, index) => entryTurned(data.before[index], entry));
  });
}

const back = (entry) => moments(entry.until, now());

function entryTurned(before, entry) {
  if (!before || (before.state === entry.state && before.reason === entry.reason)) return;
  const [id] = entry.entry.split("/");
  const out = isUsable(before) && !isUsable(entry);
  if (entry.reason === "bad-key") {
    const fix = ["Fix it", () => (location.hash = `providers/${id}`)];
    say(`key ${id}`, `${id} refused its key. Its entries are off until the key changes.`, "out", fix);
  } else if (entry.reason === "no-credit") {
    say(`credit ${id}`, `${id} is out of credit for ${entry.entry}; it is retried by itself, or after a clear.`, "low");
  } else if (entry.state === "down") {
    say(`down ${id}`, `${id} does not answer. Next try ${entry.until ? back(entry) : "soon"}, by itself.`, "low");
  } else if (out) {
    const next = live.chains.find((chain) => chain.entries.includes(entry.entry))?.next;
    const goesOn = next && next !== entry.entry ? ` Requests go on with ${next.split("/")[0]}.` : "";
    const until = entry.until ? `, back ${back(entry)}` : "";
    announce(`${entry.entry} is out: ${inWords(entry.reason ?? entry.state)}${until}.${goesOn}`);
  }
  if (out) live.chains.filter((chain) => chain.entries.includes(entry.entry)).forEach(sayIfDry);
}

/** Of a chain whose last usable entry has just gone. */
function sayIfDry(chain) {
  const states = chain.entries.map((name) => live.entries.get(name)).filter(Boolean);
  if (states.some(isUsable)) return;
  const [first] = states
    .filter((one) => one.until)
    .sort((one, other) => Date.parse(one.until) - Date.parse(other.until));
  if (first)
    say(
      `dry ${chain.name}`,
      `Chain ${chain.name} has no usable entry. ${first.entry} is first back, ${back(first)}.`,
      "low",
    );
  else say(`dry ${chain.name}`, `Chain ${chain.name} cannot serve: nothing comes back by itself.`, "out");
}

function say(which, text, kind, action = null) {
  if (Date.now() - (saidAt.get(which) ?? 0) < AGAIN_AFTER) return;
  saidAt.set(which, Date.now());
  toast(text, kind, action);
}
