// One request: the way it took, drawn against time, and what was said if that is kept.

import { asCurl, lastPrompt, pretty } from "./again.js";
import { named, Reading } from "./api.js";
import { fallRow, placeOf } from "./chain_view.js";
import { h } from "./dom.js";
import { outcomeInWords, requestOutcome, trailMark } from "./entry.js";
import { copyText } from "./entry_actions.js";
import { live } from "./live.js";
import { button, entryName, facts, heading, muted, sign } from "./parts.js";
import { prepare } from "./prompt.js";
import { count, dollars, duration, grouped, seconds } from "./words.js";

// Milliseconds: of a shorter stream a rate says nothing.
const LEAST_FLOW = 50;
const THINNEST = 0.7;

let id = "";
let reading = new Reading();

export const requestDetail = {
  show(wanted) {
    if (wanted === id) return;
    id = wanted;
    reading = new Reading();
    if (id) this.read();
  },
  heard: (row) => row.id === id && requestDetail.read(),
  read: () => reading.ask(named("requests", id)),
  draw() {
    if (reading.fault) return h("p.fault", { role: "alert" }, reading.fault);
    return reading.value ? detail(reading.value) : h("p.muted", "reading …");
  },
};

function detail(one) {
  const at = new Date(one.time);
  const exact = `${seconds(at)}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  return h(
    "section.request",
    heading(one.id, `${one.chain} · ${one.stream ? "stream" : "plain"} · ${exact}`),
    facts(factsOf(one)),
    timeline(one),
    one.attempts.filter((attempt) => attempt.detail).map(quote),
    h(
      "div.buttons",
      button("Copy as curl", () => copyText(asCurl(one, live.status.base_url), CURL_COPIED)),
      button("Test again", () => testAgain(one)),
      button("Copy the id", () => copyText(one.id, `Copied ${one.id}`)),
    ),
    bodies(one),
  );
}

const CURL_COPIED = "Copied as curl. It reads the key from $OPENAI_API_KEY.";

function factsOf(one) {
  const [word, role] = requestOutcome(one);
  const running = one.outcome === null;
  const first = one.first_token_ms;
  const flowed = one.duration_ms - (first ?? one.duration_ms);
  const rate = one.stream && flowed > LEAST_FLOW ? `  ${Math.round((one.tokens_out * 1000) / flowed)} tok/s` : "";
  const about = one.estimated ? "~" : "";
  const nobody = running ? muted("still on its way") : h("span.out", "nobody");
  const status = one.status && word !== String(one.status) ? ` (${one.status})` : "";
  return [
    ["served by", one.entry ? entryName(one.entry) : nobody],
    ["outcome", h(`span.${role}`, running ? "running" : word + status)],
    ["tokens", `${about}${grouped(one.tokens_in)} in  ${about}${grouped(one.tokens_out)} out${rate}`],
    ["time", `${first === null ? "" : `${duration(first)} first token  `}${duration(one.duration_ms)} total`],
    ["saved", one.saved_usd !== null && dollars(one.saved_usd)],
    ["asked by", [one.client, one.agent].filter(Boolean).join(" · ")],
  ];
}

const quote = ({ outcome, entry, status, detail: words }, key) =>
  h(
    "div.quote",
    { key },
    h("p.muted", `${outcomeInWords(outcome)} from ${entry.split("/")[0]}${status ? ", in its own words" : ""}`),
    h("p", words),
  );

function testAgain(one) {
  const text = one.bodies && lastPrompt(one.bodies.request);
  if (text) prepare(text);
  location.hash = `test?chain=${encodeURIComponent(one.chain)}`;
}

/** What was asked and answered; where it is not kept, why. */
function bodies(one) {
  if (!one.bodies) {
    const why = one.bodies_kept
      ? "Its bodies are gone: those of the last 200 requests since the start are kept."
      : 'Bodies are off; set log.bodies = "memory" to keep the last 200.';
    return h("p.muted.small.after", why);
  }
  const { request, request_cut: cut, answer, answer_cut: answerCut } = one.bodies;
  return [body("asked", request, cut), body("answered", answer, answerCut)];
}

const body = (title, text, cut) =>
  h(
    "details.body",
    { key: title },
    h(
      "summary",
      title,
      muted(
        ` · ${text ? `${grouped(text.length)} characters${cut ? ", only the beginning is kept" : ""}` : "nothing"}`,
      ),
    ),
    h("pre", { tabindex: 0, role: "group", "aria-label": title }, pretty(text)),
    button(`Copy what was ${title}`, () => copyText(text, `Copied what was ${title}`)),
  );

/** The fall line with a bar per attempt: thin until the first token, then heavy. */
function timeline({ trail, attempts, duration_ms: total, tokens_out: out }) {
  const landing = trail.findIndex(([, outcome]) => outcome === "ok");
  const rows = trail.map(([name, outcome], index) => {
    const place = landing < 0 && outcome === "not-tried" ? "dry" : placeOf(index, landing);
    const [mark, role] = trailMark(outcome) ?? ["", "muted"];
    const own = attempts.filter((attempt) => attempt.entry === name);
    const tokens = out ? `, ${count(out)} tokens out` : "";
    return fallRow(
      name,
      place,
      { class: outcome !== "ok" && "spent" },
      sign(mark, role),
      entryName(name),
      h(
        "span.bars",
        own.map((attempt) => bar(attempt, total)),
      ),
      h(`span.words.${role}`, outcome === "ok" ? `ok${tokens}` : wordsOf(outcome, own)),
    );
  });
  return h("div.timeline", h("ol.fall", rows));
}

function wordsOf(outcome, attempts) {
  const took = attempts.length ? `  ${duration(attempts.at(-1).duration_ms)}` : "";
  const times = attempts.length > 1 ? `, ${attempts.length} times` : "";
  return outcomeInWords(outcome) + times + took;
}

function bar({ outcome, started_ms: start, first_token_ms: first, duration_ms: took }, total) {
  const role = trailMark(outcome)?.[1] ?? "low";
  const part = (milliseconds) => Math.max(0, Math.min(100, (100 * milliseconds) / Math.max(1, total)));
  const line = (kind, from, length) => {
    const width = Math.max(THINNEST, part(length));
    // What ended with the request is seen at the right edge, however short it was.
    return h(`span.${kind}.${role}`, { style: { left: `${Math.min(part(from), 100 - width)}%`, width: `${width}%` } });
  };
  const wait = first ?? took;
  return [line("thin", start, wait), first !== null && line("thick", start + wait, took - wait)];
}
