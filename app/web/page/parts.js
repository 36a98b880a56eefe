// The pieces that every view is made of: names, gauges, trails, headings.

import { h } from "./dom.js";
import { gaugeInWords, isLow, isUsable, nameParts, trailInWords, trailMark } from "./entry.js";
import { count, limitWord } from "./words.js";

const LONGEST_TRAIL = 6;

/** `provider/vendor/model:tag`, of which only the model is ever cut. */
export function entryName(name) {
  const { provider, vendor, model, tag } = nameParts(name);
  return h(
    "span.name",
    { title: name },
    h("span.provider", provider),
    vendor && h("span.vendor", vendor),
    h("span.model", model),
    tag && h("span.tag", tag),
  );
}

/** What is left of a limit: a line, and the numbers that it stands for. */
export function gauge(one, entry, lands, now) {
  const role = one.remaining <= 0 ? "out" : isLow(one) ? "low" : lands ? "flow" : "flow2";
  const part = one.remaining <= 0 ? 0 : Math.min(1, one.remaining / Math.max(1, one.limit));
  return h(
    "span",
    {
      class: `gauge ${role} ${isUsable(entry) || one.remaining <= 0 ? "" : "dry"}`,
      role: "meter",
      "aria-label": limitWord(one),
      "aria-valuemin": 0,
      "aria-valuemax": one.limit,
      "aria-valuenow": Math.max(0, Math.min(one.limit, one.remaining)),
      "aria-valuetext": gaugeInWords(one, now),
    },
    h("span.track", h("span.fill", { style: { width: `${part === 0 ? 0 : Math.max(4, part * 100)}%` } })),
    h("span.value", h("b", count(one.remaining)), `/${count(one.limit)}`),
    h("span.dim", limitWord(one)),
  );
}

/** The place of a gauge that nobody knows of. */
export function noGauge() {
  return h("span.gauge.unknown", h("span.track"), h("span.value", "no limit"), h("span.dim"));
}

/** `··×▶`: what became of a request at each entry, up to the one that served. */
export function trailOf(trail) {
  const marks = trail.map(([, outcome]) => trailMark(outcome)).filter(Boolean);
  const cut = marks.length > LONGEST_TRAIL;
  return h(
    "span.trail",
    { role: "img", "aria-label": trailInWords(trail) },
    cut && h("span.muted", "…"),
    marks.slice(cut ? -LONGEST_TRAIL + 1 : 0).map(([mark, role]) => h("span", { class: role }, mark)),
  );
}

/** A section's head: its name, a thin line, a note at the right. */
export function heading(title, note = "", { lead = null, more = null, id = null } = {}) {
  return h(
    "div",
    { class: lead ? "heading led" : "heading" },
    lead,
    h("h2", { id }, title),
    more,
    h("span.rule"),
    note && h("span.note", note),
  );
}

/** The rail's piece beside a row; what it looks like, the row's place decides. */
export const rail = () => h("span.rail", { "aria-hidden": "true" });

/** Where a chain begins: the ledge that requests fall from. */
export const ledge = (dry = false) => h("span", { class: dry ? "ledge dry" : "ledge", "aria-hidden": "true" });

/** A symbol that only repeats what a word beside it says. */
export const sign = (symbol, role) => h("span", { class: `sign ${role}`, "aria-hidden": "true" }, symbol);

export const unseen = (text) => h("span.unseen", text);

export const button = (word, act, { kind = "", ...props } = {}) =>
  h("button", { class: `button ${kind}`, type: "button", onclick: act, ...props }, word);

/** A choice among a few: `options` are `[value, word]`. */
export function choice(label, value, options, act, props = {}) {
  return h(
    "select",
    { "aria-label": label, value, onchange: (event) => act(event.target.value), ...props },
    options.map(([one, word]) => h("option", { key: one, value: one }, word)),
  );
}

/** A choice that shows all there is to choose: `options` are `[value, word]`. */
export function switchOf(label, options, value, act) {
  return h(
    "span.switch",
    { role: "group", "aria-label": label },
    options.map(([one, word]) =>
      h(
        "button",
        {
          key: one,
          type: "button",
          "aria-pressed": String(one === value),
          onclick: () => act(one),
        },
        word,
      ),
    ),
  );
}

/** Facts as term and description: `[term, description]`, those without one left out. */
export function facts(rows) {
  return h(
    "dl.facts",
    rows
      .filter(([, value]) => value !== null && value !== "" && value !== undefined)
      .map(([term, value]) => [h("dt", { key: `${term} t` }, term), h("dd", { key: `${term} d` }, value)]),
  );
}

/** What stands where there is nothing yet. */
export const empty = (...text) => h("p.empty", text);
