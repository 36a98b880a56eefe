// How a provider, its key and its free limits are put into words.

import { h } from "./dom.js";
import { role, stateRole, stateWord, symbol } from "./entry.js";
import { unseen } from "./parts.js";
import { count } from "./words.js";

/** A provider in the words and signs of an entry: mixed ones say how many of its entries are out. */
export function standing(one) {
  const mixed = one.entries_out > 0 && one.entries_out < one.entries;
  if (mixed) return { mark: "▲", role: "low", word: `${one.entries_out} of ${one.entries} out`, wordRole: "low" };
  const entry = { ...one, gauges: [] };
  return {
    mark: symbol(entry, false),
    role: role(entry, false),
    word: stateWord(one),
    wordRole: stateRole(entry, false),
  };
}

/** Where a key comes from and how it ends: `env:GROQ_API_KEY …a1b2`. */
export function keyWords({ api_key: key, needs_key: needed, reason, key_env: [variable] }) {
  if (!key.set) return needed ? [h("span.low", "unset"), variable ? ` (${variable})` : ""] : "no key needed";
  const source = key.source === "config" ? "in config.toml" : key.source;
  const end = key.hint?.replace(/^\.+/, "");
  return [source, end ? ` …${end}` : "", reason === "bad-key" && h("span.out", " refused")];
}

export const keyLink = (page) =>
  h(
    "a",
    { href: page, target: "_blank", rel: "noreferrer noopener" },
    page.replace(/^https?:\/\//, ""),
    " ↗",
    unseen(" (a new tab)"),
  );

/** What a preset knows of a provider's free limits. */
export function freeTier(preset) {
  if (!preset.free.length) return "";
  const sizes = (limits) =>
    Object.entries(limits)
      .map(([name, size]) => `${count(size)} ${name}`)
      .join(", ");
  return [
    h(
      "ul.plain",
      preset.free.map((one) =>
        h(
          "li",
          { key: `${one.scope} ${one.pattern}` },
          h("span.muted", `${one.scope === "account" ? "the account" : one.pattern}: `),
          sizes(one.sizes),
        ),
      ),
    ),
    h("p.muted.small", `facts of ${preset.checked}`),
  ];
}
