// A chain as a waterfall seen from the side: where the next request lands, and what it falls past.

import { h } from "./dom.js";
import {
  isUsable,
  leadingGauges,
  rankedGauges,
  role,
  stateRole,
  stateWord,
  symbol,
  gaugeKey,
  when,
  whyNot,
} from "./entry.js";
import { entryOf, live, now } from "./live.js";
import { entryName, facts, gauge, heading, ledge, noGauge, rail, sign, unseen } from "./parts.js";
import { count, dollars, duration, grouped, inWords, many, moment, moments, share } from "./words.js";

/** Where an entry stands on the fall line of its chain: above the landing, on it or below. */
export function placeOf(index, landing) {
  if (landing < 0 || index < landing) return "passed";
  return index === landing ? "landing" : "dry";
}

/** The head of a chain: its name on the ledge, and how many of its entries serve. */
export function chainHead(chain, more = null) {
  const usable = chain.entries.filter((name) => isUsable(entryOf(name))).length;
  return heading(chain.name, `${usable} of ${chain.entries.length} usable`, {
    lead: ledge(chain.next === null),
    more: [chain.default && h("span.muted.small", "default"), more],
  });
}

/** A row of the board. `open` shows what else is known of the entry. */
export function entryRow(name, place, { open, toggle, menu, actions }) {
  const entry = entryOf(name);
  const lands = place === "landing";
  const [first, second] = leadingGauges(entry);
  const [word, moment] = when(entry, first, now());
  const off = entry.state === "off";
  return h(
    "li",
    { key: name, class: `entry ${place} ${isUsable(entry) ? "" : "spent"}` },
    rail(),
    sign(symbol(entry, lands), role(entry, lands)),
    h(
      "button.row-name",
      { "aria-expanded": String(open), onclick: toggle },
      entryName(name),
      lands && unseen("serves the next request"),
    ),
    h("span.first", off ? null : first ? gauge(first, entry, lands, now()) : noGauge()),
    h("span.second", !off && second && gauge(second, entry, lands, now())),
    h("span.when", word && h("span.word", `${word} `), moment),
    h("span", { class: `state ${stateRole(entry, lands)}` }, stateWord(entry)),
    menu &&
      h(
        "button.more",
        { "aria-label": `actions for ${name}`, "aria-haspopup": "menu", onclick: (event) => menu(event.currentTarget) },
        "⋯",
      ),
    open && entryDetail(entry, lands, actions),
  );
}

/** Everything that is known of an entry: all its gauges, how it did, why it is out. */
export function entryDetail(entry, lands, actions) {
  return h(
    "div.detail",
    entry.reason && h("p", { class: stateRole(entry, lands) }, reasonLine(entry)),
    allGauges(entry, lands),
    entry.gauges.length === 0 && h("p.muted", "No limit is known. The first answers tell."),
    entry.health && facts(healthFacts(entry.health)),
    actions,
  );
}

/** All gauges of an entry, each with when it is back, its scope and where its size is known from. */
export function allGauges(entry, lands) {
  const at = now();
  return h(
    "ul.gauges",
    rankedGauges(entry.gauges).map((one) =>
      h(
        "li",
        { key: gaugeKey(one) },
        gauge(one, entry, lands, at),
        h("span.when", one.resets_at && `${one.kind === "bucket" ? "full" : "resets"} ${moment(one.resets_at, at)}`),
        h("span.muted", origin(one)),
      ),
    ),
  );
}

function reasonLine(entry) {
  const why = inWords(entry.reason);
  return entry.until ? `${entry.state}: ${why}, back ${moments(entry.until, now())}` : `${entry.state}: ${why}`;
}

function origin({ scope, pool, source, guess }) {
  const place = scope === "pool" ? `pool ${pool}` : scope;
  return `${place} · ${guess ? "preset, a guess" : source}`;
}

/** How it did within the last hour, as facts. */
export function healthFacts(health) {
  if (!health.attempts) return [["last hour", "not asked"]];
  return [
    [
      "last hour",
      `${grouped(health.attempts)} tried, ${grouped(health.refused)} refused, ${grouped(health.failed)} failed`,
    ],
    ["first token", health.first_token_p50_ms === null ? "" : `${duration(health.first_token_p50_ms)} median`],
    ["total", health.p50_ms === null ? "" : `${duration(health.p50_ms)} median · ${duration(health.p95_ms)} p95`],
    ["error rate", health.error_rate === null ? "" : share(health.error_rate)],
  ];
}

/** The row in which a chain that nobody serves ends: who is back first, and who waits. */
export function poolRow(chain) {
  if (chain.next !== null || !chain.entries.length) return null;
  const back = chain.first_back;
  const words = back ? backInWords(chain, back) : `no entry can serve: ${whyAll(chain)}`;
  return h(
    "li",
    { key: "pool", class: "entry pool" },
    rail(),
    sign(back ? "◔" : "–", back ? "low" : "out"),
    h("span", { class: `words ${back ? "low" : "out"}` }, words),
  );
}

function backInWords(chain, back) {
  const when = moments(back.at, now());
  if (!chain.waiting) return `nobody waits; ${back.entry} is first back, ${when}`;
  return `${many(chain.waiting, "request")} ${chain.waiting === 1 ? "waits" : "wait"} for ${back.entry}, back ${when}`;
}

function whyAll(chain) {
  const reasons = new Map();
  for (const name of chain.entries) {
    const why = inWords(whyNot(entryOf(name)));
    reasons.set(why, (reasons.get(why) ?? 0) + 1);
  }
  return [...reasons].map(([why, number]) => `${number} ${why}`).join(", ");
}

/** What becomes of the next request, in a sentence: who is skipped and why, who serves. */
export function nextInWords(chain, order = chain.entries, landing = order.indexOf(chain.next)) {
  const skipped = order.slice(0, landing < 0 ? order.length : landing).map((name) => {
    const entry = entryOf(name);
    const until = entry.until ? `, back ${moments(entry.until, now())}` : "";
    return `${name.split("/")[0]} (${inWords(whyNot(entry))}${until})`;
  });
  const passes = skipped.length ? `skips ${listed(skipped)}` : "";
  if (landing >= 0) return `${passes}${passes ? ", " : ""}is served by ${order[landing]}`;
  const back = chain.first_back;
  return `${passes}; ${back ? `${back.entry} is first back, ${moments(back.at, now())}` : "nobody comes back by itself"}`;
}

const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

/** The four numbers of the day. */
export function figures() {
  const { counts } = live.status;
  const rows = [
    [grouped(counts.requests_per_minute), "requests a minute", ""],
    [words(counts.tokens_today), "tokens today", `${words(counts.tokens_out_today)} out`],
    [dollars(counts.saved_today_usd), "saved today", ""],
    [share(counts.waterfalled_share), "waterfalled", ""],
  ];
  return h(
    "dl.figures",
    rows.map(([value, label, more]) =>
      h("div", { key: label }, h("dt", label, more && h("span.extra", ` · ${more}`)), h("dd", value)),
    ),
  );
}

const words = (number) => (number < 10_000 ? grouped(number) : count(number));
