// The page's modules that need no document.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asCurl, lastPrompt, pretty } from "./page/again.js";
import { leadingGauges, nameParts, rankedGauges, requestOutcome, role, stateWord, symbol, trailInWords, trailMark, when } from "./page/entry.js";
import { moved, target } from "./page/reorder.js";
import { moment, span } from "./page/words.js";

const NOW = Date.parse("2026-11-22T14:04:31Z");
const gauge = (remaining, limit, more = {}) => ({ scope: "model", pool: "", dimension: "requests", window: "minute", kind: "rolling", limit, remaining, resets_at: null, source: "header", guess: false, ...more });
const entry = (state, more = {}) => ({ entry: "groq/m", state, reason: null, until: null, gauges: [], ...more });

test("of used up gauges the one that is back last leads, else the one with least left", () => {
  const soon = gauge(0, 10, { resets_at: "2026-11-22T14:04:40Z" });
  const late = gauge(0, 10, { window: "day", resets_at: "2026-11-23T00:00:00Z" });
  const half = gauge(5, 10, { window: "hour" });
  const most = gauge(9, 10, { dimension: "tokens" });
  assert.deepEqual(rankedGauges([most, soon, half, late]), [late, soon, half, most]);
  const minute = gauge(5, 10);
  assert.deepEqual(rankedGauges([half, minute]), [minute, half]);
});

test("a gauge that leads stays until another is ahead by more than a hair", () => {
  const shown = (minute, day) => leadingGauges(entry("tracking", { entry: "steady/m", gauges: [gauge(minute, 100), gauge(day, 100, { window: "day" })] }))[0].window;
  assert.equal(shown(50, 60), "minute");
  assert.equal(shown(50, 47), "minute");
  assert.equal(shown(50, 44), "day");
  assert.equal(shown(0, 44), "minute");
});

test("a name falls into its provider, vendor, model and tag", () => {
  assert.deepEqual(nameParts("openrouter/meta-llama/llama-3.3:free"), { provider: "openrouter/", vendor: "meta-llama/", model: "llama-3.3", tag: ":free" });
  assert.deepEqual(nameParts("groq/m"), { provider: "groq/", vendor: "", model: "m", tag: "" });
  assert.deepEqual(nameParts("nobody"), { provider: "", vendor: "", model: "nobody", tag: "" });
  for (const name of ["a/b/c:d", "/", ":", "a/:x", "a/b:", "x/y/z:0123456789abcdefghij"]) {
    assert.equal(Object.values(nameParts(name)).join(""), name);
  }
});

test("a state has its symbol, colour and word", () => {
  const low = entry("tracking", { gauges: [gauge(1, 10)] });
  assert.deepEqual([symbol(low, false), role(low, false)], ["▲", "low"]);
  assert.deepEqual([symbol(low, true), role(low, true)], ["▶", "flow"]);
  assert.deepEqual([symbol(entry("down"), false), role(entry("down"), false)], ["▼", "out"]);
  assert.equal(stateWord(entry("off", { reason: "no-key" })), "off no-key");
  assert.equal(stateWord(entry("off", { reason: "no-allowance" })), "no-allowance");
});

test("when an entry is back depends on why it is out", () => {
  const until = "2026-11-22T14:05:13Z";
  assert.deepEqual(when(entry("exhausted", { until }), null, NOW), ["back", "42s"]);
  assert.deepEqual(when(entry("down", { until }), null, NOW), ["probe", "42s"]);
  assert.deepEqual(when(entry("tracking"), gauge(1, 2, { resets_at: until }), NOW), ["resets", "42s"]);
  assert.deepEqual(when(entry("off", { until }), null, NOW), ["", ""]);
});

test("a trail is marks to see and words to hear", () => {
  const trail = [["a/m", "skipped:rpm"], ["b/m", "429"], ["c/m", "timeout"], ["d/m", "ok"], ["e/m", "not-tried"]];
  assert.equal(trail.map(([, outcome]) => trailMark(outcome)?.[0] ?? "").join(""), "·×!▶");
  assert.equal(trailInWords(trail), "1 skipped, 1 refused, 1 failed, served by d");
  assert.equal(trailInWords([["a/m", "503"]]), "1 failed, nobody served");
  assert.deepEqual(requestOutcome({ outcome: "failed", status: 503 }), ["503", "out"]);
  assert.deepEqual(requestOutcome({ outcome: "left", status: 200 }), ["client left", "low"]);
});

test("a row comes down where most of it is, within the list", () => {
  assert.deepEqual(moved(["a", "b", "c", "d"], 2, 0), ["c", "a", "b", "d"]);
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.equal(target(1, -20, 34, 3), 0);
  assert.equal(target(1, 16, 34, 3), 1);
  assert.equal(target(1, 5000, 34, 3), 2);
  assert.equal(target(1, -5000, 34, 3), 0);
});

test("a request is asked again as it was, or of the same chain", () => {
  const told = asCurl({ chain: "it's", stream: true, bodies: null }, "http://127.0.0.1:4290/v1");
  assert.match(told, /^curl 'http:\/\/127\.0\.0\.1:4290\/v1\/chat\/completions' -H "Authorization: Bearer \$OPENAI_API_KEY"/);
  assert.ok(told.includes(`"model":"it'\\''s","stream":true`));
  const body = '{"model":"free","messages":[]}';
  const line = (bodies) => asCurl({ chain: "free", stream: false, bodies }, "http://h/v1");
  assert.ok(line({ request: body, request_cut: false }).endsWith(`-d '${body}'`));
  assert.ok(line({ request: body, request_cut: true }).includes("Say hello."));
  assert.ok(line({ request: '{"input":"of another API"}', request_cut: false }).includes("Say hello."));
});

test("a prompt is what a person said last", () => {
  const said = (...messages) => lastPrompt(JSON.stringify({ messages }));
  const user = (content) => ({ role: "user", content });
  assert.equal(said(user("one"), user("two"), { role: "assistant", content: "three" }), "two");
  assert.equal(said(user([{ type: "text", text: "look: " }, { type: "image_url" }, { type: "text", text: "this" }])), "look: this");
  for (const other of [said(), said(user(null)), said({ role: "user" }), lastPrompt("{cut"), lastPrompt('{"messages":"x"}')]) assert.equal(other, "");
  assert.equal(pretty('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}');
  assert.equal(pretty('{"a":[1'), '{"a":[1');
});

test("moments become coarser the further they are", () => {
  process.env.TZ = "UTC";
  assert.equal(moment("2026-11-22T14:05:13Z", NOW), "42s");
  assert.equal(moment("2026-11-22T14:04:30Z", NOW), "0s");
  assert.equal(moment("2026-11-22T14:31:00Z", NOW), "14:31");
  assert.equal(moment("2026-11-24T08:00:00Z", NOW), "Tue 08:00");
  assert.equal(moment("2026-12-01T08:00:00Z", NOW), "1 Dec");
  assert.equal(span(9.92 * 3_600_000), "9h 55m");
});
