// Columns over time, drawn without a library. The numbers stand in a table for those who hear the page.

import { h } from "./dom.js";
import { row, table } from "./parts.js";
import { count } from "./words.js";

const HEIGHT = 150;
const TOP = 20;
const FOOT = 20;
const WIDTH = 1000;
const GAP = 0.09;
const LABELS = 12;
const LEAST = 2;
const SMALL = 26;

/** How high a number stands where the highest stands at `full`: what is there at all is seen. */
const height = (number, most, full) => (number ? Math.max(LEAST, (number / most) * full) : 0);

/**
 * Stacked columns of tokens: `columns` are `{ label, out, in, title }` in the order of time.
 * Without axes: a value stands above each column, its day below, as long as there is room for it.
 */
export function tokenChart(columns, caption) {
  const all = (one) => one.in + one.out;
  const most = Math.max(1, ...columns.map(all));
  const step = WIDTH / columns.length;
  const every = Math.ceil(columns.length / LABELS);
  const high = (number) => height(number, most, HEIGHT - TOP);
  const middle = (index) => `${((index + 0.5) * 100) / columns.length}%`;
  const column = (one, index) => {
    const place = { x: (index + GAP / 2) * step, width: step * (1 - GAP) };
    const [whole, out] = [high(all(one)), high(one.out)];
    return h(
      "g",
      { key: one.label },
      h("title", `${one.label}: ${one.title}`),
      h("rect.in", { ...place, y: HEIGHT - whole, height: Math.max(0, whole - out) }),
      h("rect.out-tokens", { ...place, y: HEIGHT - out, height: out }),
    );
  };
  const value = (one, index) =>
    h(
      "span",
      { key: one.label, style: { left: middle(index), bottom: `${high(all(one)) + FOOT}px` } },
      columns.length <= LABELS * 2 && all(one) > 0 && count(all(one)),
    );
  const label = (one, index) =>
    h("span", { key: one.label, style: { left: middle(index) } }, index % every === 0 && one.label);
  return h(
    "figure.chart",
    h(
      "div.columns-chart",
      { "aria-hidden": "true" },
      h("svg.plot", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" }, columns.map(column)),
      h("div.values", columns.map(value)),
      h("div.days", columns.map(label)),
    ),
    h("div.unseen", numbersOf(columns, caption)),
  );
}

function numbersOf(columns, caption) {
  const heads = [["time"], ["tokens in"], ["tokens out"], ["in all"]];
  const rows = columns.map((one) => row(heads, [one.in, one.out, one.title], { key: one.label, name: one.label }));
  return table(caption, heads, rows);
}

/** Rows of small columns on one scale: `rows` are `[word, numbers, note]`, `labels` one per column. */
export function smallColumns(rows, labels) {
  const most = Math.max(1, ...rows.flatMap(([, numbers]) => numbers));
  const cell = (number, index) =>
    h("span.cell", {
      key: index,
      title: `${labels[index]}: ${number}`,
      class: !number && "none",
      style: { height: `${height(number, most, SMALL) || 1}px` },
    });
  return h(
    "dl.small-columns",
    rows.map(([word, numbers, note]) =>
      h(
        "div",
        { key: word },
        h("dt", word),
        h("dd.cells", { "aria-hidden": "true" }, numbers.map(cell)),
        h("dd.number", note),
      ),
    ),
  );
}
