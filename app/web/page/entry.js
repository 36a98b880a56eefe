// What an entry's state looks like: its symbol, its colour's role, the gauge that tells most.

import { moment } from "./words.js";

const SYMBOLS = { available: "○", tracking: "●", exhausted: "×", cooling: "◔", down: "▼", off: "–" };
const ROLES = { available: "flow", tracking: "flow", exhausted: "out", cooling: "low", down: "out", off: "muted" };
const WINDOWS = ["minute", "hour", "day", "month"];
const STEADY = 0.05;

/** An entry of which nothing is known yet. */
export const unknownEntry = (name) => ({
  entry: name,
  state: "available",
  reason: null,
  until: null,
  gauges: [],
  health: null,
});

export const isUsable = ({ state }) => state === "available" || state === "tracking";
export const isLow = ({ remaining, limit }) => remaining * 5 < limit;
const left = ({ remaining, limit }) => remaining / Math.max(1, limit);

/** Gauges in the order of what they tell: used up with the latest reset, then the fullest. */
export function rankedGauges(gauges) {
  const reset = (gauge) => (gauge.resets_at ? Date.parse(gauge.resets_at) : 0);
  return [...gauges].sort((one, other) => {
    if (one.remaining <= 0 || other.remaining <= 0) {
      return (one.remaining > 0) - (other.remaining > 0) || reset(other) - reset(one);
    }
    return left(one) - left(other) || WINDOWS.indexOf(one.window) - WINDOWS.indexOf(other.window);
  });
}

const shown = new Map();

/** The two gauges to show. The first one stays while another is ahead by a hair only. */
export function leadingGauges(entry) {
  const [first, ...rest] = rankedGauges(entry.gauges);
  if (first === undefined) return [];
  const kept = rest.find((gauge) => gaugeKey(gauge) === shown.get(entry.entry));
  if (kept && first.remaining > 0 && left(kept) - left(first) <= STEADY) {
    return [kept, first];
  }
  shown.set(entry.entry, gaugeKey(first));
  return rest.length ? [first, rest[0]] : [first];
}

export const gaugeKey = (gauge) => [gauge.scope, gauge.pool, gauge.dimension, gauge.window].join(" ");

export function symbol(entry, lands) {
  if (lands) return "▶";
  return entry.state === "tracking" && entry.gauges.some(isLow) ? "▲" : SYMBOLS[entry.state];
}

export function role(entry, lands) {
  if (lands) return "flow";
  return entry.state === "tracking" && entry.gauges.some(isLow) ? "low" : ROLES[entry.state];
}

/** The word in the state column: `tracking`, `off no-key`, `no-allowance`. */
export function stateWord({ state, reason }) {
  if (state !== "off" || !reason) return state;
  return reason.length > 8 ? reason : `off ${reason}`;
}

/** The state's colour: words of usable entries stay quiet, but for the one that serves. */
export function stateRole(entry, lands) {
  if (lands) return "flow";
  const word = role(entry, false);
  return word === "flow" ? "muted" : word;
}

/** `resets 42s`, `back 14:31`, `probe 12s`, or nothing: `[word, moment]`. */
export function when(entry, gauge, now) {
  if (entry.state === "off") return ["", ""];
  if (!isUsable(entry)) {
    return entry.until ? [entry.state === "down" ? "probe" : "back", moment(entry.until, now)] : ["", ""];
  }
  return gauge?.resets_at ? ["resets", moment(gauge.resets_at, now)] : ["", ""];
}

/** Why an entry is passed over, in a few words: `rph, back in 26 min`. */
export function whyNot(entry) {
  return entry.reason && entry.reason !== entry.state ? entry.reason : entry.state;
}

/** For a screen reader: `31 of 50 requests a day left, resets in 42s`. */
export function gaugeInWords(gauge, now) {
  const thing = gauge.dimension === "concurrent" ? "parallel requests" : gauge.dimension;
  const window = gauge.window === null ? "" : ` a ${gauge.window}`;
  const back = gauge.resets_at ? `, resets ${moment(gauge.resets_at, now)}` : "";
  return `${gauge.remaining} of ${gauge.limit} ${thing}${window} left${back}`;
}

/** `provider/`, `vendor/`, model and `:tag` of an entry's name. */
export function nameParts(name) {
  const slash = name.indexOf("/");
  const provider = slash < 0 ? "" : name.slice(0, slash + 1);
  let model = name.slice(slash + 1);
  const tagAt = model.lastIndexOf(":");
  const tag = tagAt > 0 && model.length - tagAt < 16 ? model.slice(tagAt) : "";
  if (tag) model = model.slice(0, tagAt);
  const vendorAt = model.lastIndexOf("/");
  return { provider, vendor: model.slice(0, vendorAt + 1), model: model.slice(vendorAt + 1), tag };
}

/** What one attempt in a trail looks like: `[symbol, role]`; nothing for one that was not tried. */
export function trailMark(outcome) {
  if (outcome === "not-tried") return null;
  if (outcome === "ok") return ["▶", "flow"];
  if (outcome === "trying") return ["…", "flow"];
  if (outcome.startsWith("skipped:")) return ["·", "muted"];
  return ["429", "402", "401", "403", "404", "413"].includes(outcome) ? ["×", "out"] : ["!", "low"];
}

/** A trail's outcome in words: `skipped rpm`, `429`, `not tried`. */
export function outcomeInWords(outcome) {
  if (outcome === "not-tried") return "not tried";
  return outcome.startsWith("skipped:") ? `skipped ${outcome.slice(8)}` : outcome;
}

/** A trail for a screen reader: `2 skipped, 1 refused, served by openrouter`. */
export function trailInWords(trail) {
  const kinds = { skipped: 0, refused: 0, failed: 0 };
  let served = "";
  for (const [entry, outcome] of trail) {
    const mark = trailMark(outcome)?.[0];
    if (mark === "·") kinds.skipped += 1;
    if (mark === "×") kinds.refused += 1;
    if (mark === "!") kinds.failed += 1;
    if (mark === "▶") served = `served by ${nameParts(entry).provider.slice(0, -1)}`;
  }
  const parts = Object.entries(kinds)
    .filter(([, number]) => number)
    .map(([kind, number]) => `${number} ${kind}`);
  return [...parts, served || "nobody served"].join(", ");
}

/** A request's outcome: `[word, role]`. */
export function requestOutcome({ outcome, status }) {
  if (outcome === null) return ["", "flow"];
  if (outcome === "ok") return ["ok", "muted"];
  if (outcome === "interrupted") return ["cut off", "out"];
  if (outcome === "left") return ["client left", "low"];
  return [String(status ?? "failed"), "out"];
}
