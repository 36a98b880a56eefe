// A chain as a waterfall seen from the side: where the next request lands, and what it falls past.

import { h } from "./dom.js";
import {
  gaugeKey,
  isUsable,
  leadingGauges,
  rankedGauges,
  role,
  stateRole,
  stateWord,
  symbol,
  when,
  whyNot,
} from "./entry.js";
import { entryOf, live, now } from "./live.js";
import { entryName, facts, gauge, heading, ledge, muted, noGauge, rail, sign, unseen } from "./parts.js";
import { count, dollars, duration, grouped, inWords, listed, many, moment, moments, share } from "./words.js";

/** Where an entry stands on the fall line of its chain: above the landing, on it or below. */
export function placeOf(index, landing) {
  if (landing < 0 || index < landing) return "passed";
  return index === landing ? "landing" : "dry";
}

/** A row on the fall line; `cells` follow the rail. */
export const fallRow = (key, place, props, ...cells) => {
  const { class: more, ...rest } = props;
  return h(`li.entry.${place}`, { key, class: more, ...rest }, rail(), cells);
};

export const usableOf = (chain) => chain.entries.filter((name) => isUsable(entryOf(name))).length;

/** The head of a chain: its name on the ledge, and how many of its entries serve. */
export const chainHead = (chain, more = null) =>
  heading(chain.name, `${usableOf(chain)} of ${chain.entries.length} usable`, {
    lead: ledge(chain.next === null),
    more: [chain.default && h("span.muted.small", "default"), more],
  });

export const signOf = (entry, lands) => sign(symbol(entry, lands), role(entry, lands));

export const stateOf = (entry, lands) => h("span.state", { class: stateRole(entry, lands) }, stateWord(entry));

/** A row of the board. `detail` is what else is known of the entry, while it is open. */
export function entryRow(name, place, { toggle, menu, detail }) {
  const entry = entryOf(name);
  const lands = place === "landing";
  const off = entry.state === "off";
  const [first, second] = leadingGauges(entry);
  const [word, moment] = when(entry, first, now());
  return fallRow(
    name,
    place,
    { class: !isUsable(entry) && "spent" },
    signOf(entry, lands),
    h(
      "button.row-name",
      { "aria-expanded": String(Boolean(detail)), onclick: toggle },
      entryName(name),
      lands && unseen("serves the next request"),
    ),
    h("span.first", !off && (first ? gauge(first, entry, lands) : noGauge())),
    h("span.second", !off && second && gauge(second, entry, lands)),
    h("span.when", word && h("span.word", `${word} `), moment),
    stateOf(entry, lands),
    menu,
    detail && entryDetail(entry, lands, detail),
  );
}

/** Everything that is known of an entry: all its gauges, how it did, why it is out. */
const entryDetail = (entry, lands, actions) =>
  h(
    "div.detail",
    entry.reason && h("p", { class: stateRole(entry, lands) }, reasonLine(entry)),
    allGauges(entry, lands),
    !entry.gauges.length && h("p.muted", "No limit is known. The first answers tell."),
    entry.health && facts(healthFacts(entry.health)),
    actions,
  );

/** All gauges of an entry, each with when it is back, its scope and where its size is known from. */
export const allGauges = (entry, lands) =>
  h(
    "ul.gauges",
    rankedGauges(entry.gauges).map((one) =>
      h(
        "li",
        { key: gaugeKey(one) },
        gauge(one, entry, lands),
        h("span.when", one.resets_at && `${one.kind === "bucket" ? "full" : "resets"} ${moment(one.resets_at, now())}`),
        muted(one.scope === "pool" ? `pool ${one.pool}` : one.scope, " · ", one.guess ? "preset, a guess" : one.source),
      ),
    ),
  );

/** `cooling: key refused, back at 14:31` of an entry or a provider. */
export const reasonLine = ({ state, reason, until }) =>
  `${state}${reason ? `: ${inWords(reason)}${until ? `, back ${moments(until, now())}` : ""}` : ""}`;

/** How it did within the last hour, as facts. */
export function healthFacts(health) {
  if (!health.attempts) return [["last hour", "not asked"]];
  const { attempts, refused, failed, p50_ms: p50, p95_ms: p95, first_token_p50_ms: first } = health;
  return [
    ["last hour", `${grouped(attempts)} tried, ${grouped(refused)} refused, ${grouped(failed)} failed`],
    ["first token", first !== null && `${duration(first)} median`],
    ["total", p50 !== null && `${duration(p50)} median · ${duration(p95)} p95`],
    ["error rate", health.error_rate !== null && share(health.error_rate)],
  ];
}

/** The row in which a chain that nobody serves ends: who is back first, and who waits. */
export function poolRow(chain) {
  if (chain.next !== null || !chain.entries.length) return null;
  const { first_back: back } = chain;
  if (back) return pool("◔", "low", backInWords(chain, back));
  const reasons = chain.entries.map((name) => inWords(whyNot(entryOf(name))));
  const counted = [...new Set(reasons)].map((why) => `${reasons.filter((one) => one === why).length} ${why}`);
  return pool("–", "out", `no entry can serve: ${counted.join(", ")}`);
}

export const pool = (mark, role, words) =>
  fallRow("pool", "pool", {}, sign(mark, role), h(`span.words.${role}`, words));

function backInWords({ waiting }, back) {
  const when = moments(back.at, now());
  if (!waiting) return `nobody waits; ${back.entry} is first back, ${when}`;
  return `${many(waiting, "request")} ${waiting === 1 ? "waits" : "wait"} for ${back.entry}, back ${when}`;
}

/** What becomes of the next request, in a sentence: who is skipped and why, who serves. */
export function nextInWords(chain, order, landing) {
  const skipped = order.slice(0, landing < 0 ? order.length : landing).map((name) => {
    const entry = entryOf(name);
    const until = entry.until ? `, back ${moments(entry.until, now())}` : "";
    return `${name.split("/")[0]} (${inWords(whyNot(entry))}${until})`;
  });
  const { first_back: back } = chain;
  const end =
    landing >= 0
      ? `is served by ${order[landing]}`
      : back
        ? `${back.entry} is first back, ${moments(back.at, now())}`
        : "nobody comes back by itself";
  return skipped.length ? `skips ${listed(skipped)}${landing < 0 ? ";" : ","} ${end}` : end;
}

/** Big numbers side by side: `[value, label, more]`. */
export const figures = (rows) =>
  h(
    "dl.figures",
    { key: "figures" },
    rows.map(([value, label, more]) =>
      h("div", { key: label }, h("dt", label, more && h("span.extra", ` · ${more}`)), h("dd", value)),
    ),
  );

/** The four numbers of the day. */
export function today() {
  const { counts } = live.status;
  return figures([
    [grouped(counts.requests_per_minute), "requests a minute"],
    [count(counts.tokens_today), "tokens today", `${count(counts.tokens_out_today)} out`],
    [dollars(counts.saved_today_usd), "saved today"],
    [share(counts.waterfalled_share), "waterfalled"],
  ]);
}
