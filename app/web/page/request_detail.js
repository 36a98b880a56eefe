// One request: the way it took, drawn against time.

import { get, named } from "./api.js";
import { placeOf } from "./chain_view.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { outcomeInWords, requestOutcome, trailMark } from "./entry.js";
import { copyText } from "./entry_actions.js";
import { button, entryName, facts, heading, rail, sign } from "./parts.js";
import { count, dollars, duration, grouped, seconds } from "./words.js";

// Milliseconds: of a shorter stream a rate says nothing.
const LEAST_FLOW = 50;

let id = "";
let request = null;
let fault = "";

export const requestDetail = {
  show(wanted) {
    if (wanted === id) return;
    id = wanted;
    request = null;
    fault = "";
    if (id) read();
  },
  heard(row) {
    if (row.id === id) read();
  },
  draw() {
    if (fault) return h("p.fault", { role: "alert" }, fault);
    return request ? detail(request) : h("p.muted", "reading …");
  },
};

async function read() {
  const wanted = id;
  try {
    const found = await get(named("requests", wanted));
    if (wanted === id) request = found;
  } catch (error) {
    if (error.status === undefined) throw error;
    if (wanted === id) fault = error.told;
  }
  redraw();
}

function detail(one) {
  const at = new Date(one.time);
  const [word, role] = requestOutcome(one);
  const flowed = one.duration_ms - (one.first_token_ms ?? one.duration_ms);
  const rate = one.stream && flowed > LEAST_FLOW ? `  ${Math.round((one.tokens_out * 1000) / flowed)} tok/s` : "";
  const about = one.estimated ? "~" : "";
  const details = one.attempts.filter((attempt) => attempt.detail);
  return h(
    "section.request",
    heading(
      one.id,
      `${one.chain} · ${one.stream ? "stream" : "plain"} · ${seconds(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`,
    ),
    facts([
      [
        "served by",
        one.entry
          ? entryName(one.entry)
          : h(
              "span",
              { class: one.outcome === null ? "muted" : "out" },
              one.outcome === null ? "still on its way" : "nobody",
            ),
      ],
      [
        "outcome",
        h(
          "span",
          { class: role },
          one.outcome === null
            ? "running"
            : word === String(one.status)
              ? word
              : `${word}${one.status ? ` (${one.status})` : ""}`,
        ),
      ],
      ["tokens", `${about}${grouped(one.tokens_in)} in  ${about}${grouped(one.tokens_out)} out${rate}`],
      [
        "time",
        `${one.first_token_ms === null ? "" : `${duration(one.first_token_ms)} first token  `}${duration(one.duration_ms)} total`,
      ],
      ["saved", one.saved_usd === null ? "" : dollars(one.saved_usd)],
      ["asked by", [one.client, one.agent].filter(Boolean).join(" · ")],
    ]),
    timeline(one.trail, one.attempts, one.duration_ms, one.tokens_out),
    details.map((attempt, index) =>
      h(
        "div",
        { key: index, class: "quote" },
        h(
          "p.muted",
          `${outcomeInWords(attempt.outcome)} from ${attempt.entry.split("/")[0]}${attempt.status ? ", in its own words" : ""}`,
        ),
        h("p", attempt.detail),
      ),
    ),
    h(
      "div.buttons",
      button("Copy the id", () => copyText(one.id, `Copied ${one.id}`)),
    ),
  );
}

/** The fall line with a bar per attempt: thin until the first token, then heavy. */
export function timeline(trail, attempts, total, tokensOut) {
  const landing = trail.findIndex(([, outcome]) => outcome === "ok");
  return h(
    "div.timeline",
    h("p.scale.muted", { "aria-hidden": "true" }, h("span", "0s"), h("span", duration(total))),
    h(
      "ol.fall",
      trail.map(([name, outcome], index) => {
        const place = landing < 0 ? (outcome === "not-tried" ? "dry" : "passed") : placeOf(index, landing);
        const [mark, role] = trailMark(outcome) ?? ["", "muted"];
        const own = attempts.filter((attempt) => attempt.entry === name);
        return h(
          "li",
          { key: name, class: `entry ${place} ${outcome === "ok" ? "" : "spent"}` },
          rail(),
          sign(mark, role),
          entryName(name),
          h(
            "span.bars",
            own.map((attempt, number) => bar(attempt, total, number)),
          ),
          h(
            "span",
            { class: `words ${role}` },
            outcome === "ok" ? `ok${tokensOut ? `, ${count(tokensOut)} tokens out` : ""}` : wordsOf(outcome, own),
          ),
        );
      }),
    ),
  );
}

function wordsOf(outcome, attempts) {
  const took = attempts.length ? `  ${duration(attempts.at(-1).duration_ms)}` : "";
  const times = attempts.length > 1 ? `, ${attempts.length} times` : "";
  return `${outcomeInWords(outcome)}${times}${took}`;
}

function bar(attempt, total, key) {
  const part = (milliseconds) => Math.max(0, Math.min(100, (100 * milliseconds) / Math.max(1, total)));
  const served = attempt.outcome === "ok";
  const role = served ? "flow" : (trailMark(attempt.outcome)?.[1] ?? "low");
  const thin = attempt.first_token_ms ?? attempt.duration_ms;
  return [
    h("span", {
      key: `${key} wait`,
      class: `thin ${role}`,
      style: { left: `${part(attempt.started_ms)}%`, width: `${Math.max(0.7, part(thin))}%` },
    }),
    attempt.first_token_ms !== null &&
      h("span", {
        key: `${key} flow`,
        class: `thick ${role}`,
        style: {
          left: `${part(attempt.started_ms + thin)}%`,
          width: `${Math.max(0.7, part(attempt.duration_ms - thin))}%`,
        },
      }),
  ];
}
