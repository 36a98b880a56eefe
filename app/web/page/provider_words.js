// How a provider, its key and its free limits are put into words.

import { h } from "./dom.js";
import { role, stateRole, stateWord, symbol } from "./entry.js";
import { muted } from "./parts.js";
import { count, duration, grouped } from "./words.js";

/** A provider in the words and signs of an entry: mixed ones say how many of its entries are out. */
export function standing(one) {
  const mixed = one.entries_out > 0 && one.entries_out < one.entries;
  if (mixed) return { mark: "▲", colour: "low", word: `${one.entries_out} of ${one.entries} out`, wordRole: "low" };
  const entry = { ...one, gauges: [] };
  return { mark: symbol(entry), colour: role(entry), word: stateWord(one), wordRole: stateRole(entry) };
}

export const keySource = ({ source }) => (source === "config" ? "config.toml" : source);

/** `…a1b2`, of a key that is long enough to show its end. */
export const keyEnd = ({ hint }) => hint?.replace(/^\.*/, "…") ?? "";

/** Where a key comes from and how it ends: `env:GROQ_API_KEY …a1b2`. */
export function keyWords({ api_key: key, needs_key: needed, reason, key_env: [variable] }) {
  if (key.set) return [keySource(key), ` ${keyEnd(key)}`, reason === "bad-key" && h("span.out", " refused")];
  return needed ? [h("span.low", "unset"), variable && ` (${variable})`] : "no key needed";
}

/** What came of asking a provider for its list with its key: `[role, words]`. */
export function checkWords(found, needsKey, took) {
  if (!found.ok) return ["out", `× ${found.detail}`];
  const works = found.key_tested ? "the key works" : "it answers";
  const untested = needsKey && !found.key_tested && "key not tested: its model list is public";
  const models = found.models !== null && `${grouped(found.models)} models`;
  const missing = found.missing.length > 0 && `not in its list: ${found.missing.join(", ")}`;
  const words = [works, models, duration(took), untested, missing].filter(Boolean).join(" · ");
  return [untested || missing ? "low" : "flow", `● ${words}`];
}

/** What a preset knows of a provider's free limits. */
export function freeTier({ free, checked }) {
  const sizes = (limits) => Object.entries(limits).map(([name, size]) => `${count(size)} ${name}`);
  const row = ({ scope, pattern, sizes: limits }) =>
    h(
      "li",
      { key: scope + pattern },
      muted(scope === "account" ? "the account: " : `${pattern}: `),
      sizes(limits).join(", "),
    );
  return free.length > 0 && [h("ul.plain", free.map(row)), h("p.muted.small", `facts of ${checked}`)];
}
