// The pieces that every view is made of: names, gauges, trails, headings, tables, what is clicked.

import { openMenu } from "./dialog.js";
import { h } from "./dom.js";
import { gaugeInWords, isLow, isUsable, nameParts, trailInWords, trailMark } from "./entry.js";
import { isLost, now } from "./live.js";
import { count, limitWord } from "./words.js";

const LONGEST_TRAIL = 6;

/** `provider/vendor/model:tag`, of which only the model is ever cut. */
export const entryName = (name) =>
  h(
    "span.name",
    { title: name },
    Object.entries(nameParts(name)).map(([part, text]) => text && h(`span.${part}`, text)),
  );

/** What is left of a limit: a line, and the numbers that it stands for. */
export function gauge(one, entry, lands) {
  const role = one.remaining <= 0 ? "out" : isLow(one) ? "low" : lands ? "flow" : "flow2";
  const part = one.remaining <= 0 ? 0 : Math.max(4, Math.min(100, (100 * one.remaining) / Math.max(1, one.limit)));
  return h(
    "span.gauge",
    {
      class: [role, !isUsable(entry) && one.remaining > 0 && "dry"],
      role: "meter",
      "aria-label": limitWord(one),
      "aria-valuemin": 0,
      "aria-valuemax": one.limit,
      "aria-valuenow": Math.max(0, Math.min(one.limit, one.remaining)),
      "aria-valuetext": gaugeInWords(one, now()),
    },
    track(part),
    h("span.value", h("b", count(one.remaining)), `/${count(one.limit)}`),
    h("span.dim", limitWord(one)),
  );
}

/** A thin line, heavy for so many percent of it. */
export const track = (percent) => h("span.track", h("span.fill", { style: { width: `${percent}%` } }));

/** The place of a gauge that nobody knows of. */
export const noGauge = () => h("span.gauge.unknown", h("span.track"), h("span.value", "no limit"), h("span.dim"));

/** `··×▶`: what became of a request at each entry, up to the one that served. */
export function trailOf(trail) {
  const marks = trail.map(([, outcome]) => trailMark(outcome)).filter(Boolean);
  const cut = marks.length > LONGEST_TRAIL;
  return h(
    "span.trail",
    { role: "img", "aria-label": trailInWords(trail) },
    cut && h("span.muted", "…"),
    marks.slice(cut ? -LONGEST_TRAIL + 1 : 0).map(([mark, role]) => h(`span.${role}`, mark)),
  );
}

/** A section's head: its name, a thin line, a note at the right. */
export const heading = (title, note = "", { lead = null, more = null } = {}) =>
  h("div.heading", lead, h("h2", title), more, h("span.rule"), note && h("span.note", note));

/** A section below its head; `key` is its title. */
export const section = (title, note, ...content) => h("section", { key: title }, heading(title, note), content);

/** The rail's piece beside a row; what it looks like, the row's place decides. */
export const rail = () => h("span.rail", { "aria-hidden": "true" });

/** Where a chain begins: the ledge that requests fall from. */
export const ledge = (dry = false) => h("span.ledge", { class: dry && "dry", "aria-hidden": "true" });

/** A symbol that only repeats what a word beside it says. */
export const sign = (symbol, role) => h(`span.sign.${role}`, { "aria-hidden": "true" }, symbol);

export const unseen = (text) => h("span.unseen", text);

export const muted = (...words) => h("span.muted", words);

export const link = (href, ...words) => h("a", { href }, words);

/** A link that leads out of the page, to a tab of its own. */
export const outward = (href, ...words) =>
  h("a", { href, target: "_blank", rel: "noreferrer noopener" }, words, " ↗", unseen(" (a new tab)"));

export const button = (word, act, props) => h("button.button", { type: "button", onclick: act, ...props }, word);

/** A button for what the instance has to do: not while it would not hear of it. */
export const action = (word, act, { disabled = false, ...props } = {}) =>
  button(word, act, { disabled: disabled || isLost(), ...props });

/** A word that can be clicked. */
export const wordButton = (word, act, props) => h("button.link", { type: "button", onclick: act, ...props }, word);

/** `⋯`: opens a menu of `items()`, as `openMenu` takes them. */
export const menuButton = (label, items) => {
  const open = (event) => openMenu(event.currentTarget, items());
  return h("button.more", { "aria-label": label, "aria-haspopup": "menu", onclick: open }, "⋯");
};

/** What is typed in one line. */
export const textInput = (value, act, props) =>
  h("input", {
    value,
    autocomplete: "off",
    spellcheck: "false",
    oninput: (event) => act(event.target.value),
    ...props,
  });

/** A box to tick, before its words. */
export const tick = (words, checked, act, props) =>
  h(
    "label.check",
    h("input", { type: "checkbox", checked, onchange: (event) => act(event.target.checked), ...props }),
    words,
  );

/** A choice among a few: `options` are `[value, word]`, or `[word, options]` for a group of them. */
export const choice = (value, options, act, props) =>
  h("select", { value, onchange: (event) => act(event.target.value), ...props }, options.map(option));

const option = ([value, word]) =>
  Array.isArray(word)
    ? h("optgroup", { key: value, label: value }, word.map(option))
    : h("option", { key: value, value }, word);

/** A choice that shows all there is to choose: `options` are `[value, word]`. */
export const switchOf = (label, options, value, act) =>
  h(
    "span.switch",
    { role: "group", "aria-label": label },
    options.map(([one, word = one]) =>
      h("button", { key: one, type: "button", "aria-pressed": String(one === value), onclick: () => act(one) }, word),
    ),
  );

/** Facts as term and description: `[term, description]`, those without one left out. */
export const facts = (rows) =>
  h(
    "dl.facts",
    rows
      .filter(([, value]) => value || value === 0)
      .map(([term, value]) => [h("dt", { key: `${term} t` }, term), h("dd", { key: `${term} d` }, value)]),
  );

/**
 * A table: `columns` are `[word, class, properties]`. Its roles are told, for where its rows are laid
 * out as blocks, a browser forgets that they are a table's.
 */
export const table = (label, columns, rows, { body = {}, ...props } = {}) =>
  h(
    "table",
    { role: "table", "aria-label": label, ...props },
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        columns.map(([word, kind, more], at) =>
          h("th", { key: at, class: kind, scope: "col", role: "columnheader", ...more }, word),
        ),
      ),
    ),
    h("tbody", { role: "rowgroup", ...body }, rows),
  );

/** A row below `columns`. One with an address opens with a click anywhere. */
export const row = (columns, cells, { name = null, ...props } = {}) =>
  h(
    "tr",
    { role: "row", onclick: opened, ...props },
    name && h("th", { scope: "row", role: "rowheader" }, name),
    cells.map((cell, at) => h("td", { key: at, role: "cell", class: columns[at + (name ? 1 : 0)][1] }, cell)),
  );

const opened = (event) => event.target.closest("a, button") || event.currentTarget.querySelector("a")?.click();

/** What stands where there is nothing yet. */
export const empty = (...text) => h("p.empty", text);
