// Columns over time, drawn without a library. The numbers stand in a table for those who hear the page.

import { h } from "./dom.js";
import { count } from "./words.js";

const HEIGHT = 150;
const TOP = 20;
const FOOT = 20;
const WIDTH = 1000;
const GAP = 0.09;
const LABELS = 12;

/**
 * Stacked columns of tokens: `columns` are `{ label, out, in, title }` in the order of time.
 * Without axes: a value stands above each column, its day below, as long as there is room for it.
 */
export function tokenChart(columns, caption) {
  const most = Math.max(1, ...columns.map((one) => one.in + one.out));
  const step = WIDTH / Math.max(1, columns.length);
  const every = Math.ceil(columns.length / LABELS);
  return h(
    "figure.chart",
    h(
      "div.columns-chart",
      { "aria-hidden": "true" },
      h(
        "svg",
        { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "plot" },
        columns.map((one, index) => column(one, index * step + (step * GAP) / 2, step * (1 - GAP), most)),
      ),
      h(
        "div.values",
        columns.map((one, index) =>
          h(
            "span",
            {
              key: one.label,
              style: {
                left: `${((index + 0.5) * 100) / columns.length}%`,
                bottom: `${heightOf(one.in + one.out, most)}px`,
              },
            },
            columns.length <= LABELS * 2 && one.in + one.out ? count(one.in + one.out) : "",
          ),
        ),
      ),
      h(
        "div.days",
        columns.map((one, index) =>
          h(
            "span",
            { key: one.label, style: { left: `${((index + 0.5) * 100) / columns.length}%` } },
            index % every === 0 ? one.label : "",
          ),
        ),
      ),
    ),
    h(
      "div.unseen",
      h(
        "table",
        h("caption", caption),
        h(
          "thead",
          h(
            "tr",
            ["time", "tokens in", "tokens out", ""].map((word) => h("th", { key: word, scope: "col" }, word)),
          ),
        ),
        h(
          "tbody",
          columns.map((one) =>
            h(
              "tr",
              { key: one.label },
              h("th", { scope: "row" }, one.label),
              h("td", one.in),
              h("td", one.out),
              h("td", one.title),
            ),
          ),
        ),
      ),
    ),
  );
}

const heightOf = (tokens, most) => (tokens ? Math.max(2, (tokens / most) * (HEIGHT - TOP)) : 0) + FOOT;

function column(one, x, width, most) {
  const scale = (HEIGHT - TOP) / most;
  const out = one.out ? Math.max(2, one.out * scale) : 0;
  const all = one.in + one.out ? Math.max(2, (one.in + one.out) * scale) : 0;
  return h(
    "g",
    { key: one.label },
    h("title", `${one.label}: ${one.title}`),
    h("rect.in", { x, y: HEIGHT - all, width, height: Math.max(0, all - out) }),
    h("rect.out-tokens", { x, y: HEIGHT - out, width, height: out }),
  );
}

/** Rows of small columns on one scale: `rows` are `[word, numbers, note]`, `labels` one per column. */
export function smallColumns(rows, labels) {
  const most = Math.max(1, ...rows.flatMap(([, numbers]) => numbers));
  return h(
    "table.small-columns",
    { role: "table", "aria-label": "where requests landed" },
    h(
      "tbody",
      { role: "rowgroup" },
      rows.map(([word, numbers, note]) =>
        h(
          "tr",
          { key: word, role: "row" },
          h("th", { scope: "row", role: "rowheader" }, word),
          h(
            "td",
            { role: "cell" },
            h(
              "span.cells",
              { "aria-hidden": "true" },
              numbers.map((number, index) =>
                h("span", {
                  key: index,
                  title: `${labels[index]}: ${number}`,
                  class: number ? "cell" : "cell none",
                  style: { height: `${number ? Math.max(2, (number / most) * 26) : 1}px` },
                }),
              ),
            ),
          ),
          h("td", { role: "cell", class: "number" }, note),
        ),
      ),
    ),
  );
}
