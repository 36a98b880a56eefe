// Requests as rows of a table, wherever they are listed.

import { h } from "./dom.js";
import { requestOutcome } from "./entry.js";
import { now } from "./live.js";
import { entryName, trailOf } from "./parts.js";
import { count, duration, MISSING, seconds } from "./words.js";

const COLUMNS = ["time", "chain", "trail", "served by", "client", "outcome", "in", "out", "first", "total"];
const NUMBERS = new Set(["in", "out", "first", "total"]);

const className = (column) => `c-${column.replace(" ", "-")}${NUMBERS.has(column) ? " number" : ""}`;

/** The head of the table. On a phone the rows speak for themselves, so it is only heard there. */
export function requestHead() {
  return h(
    "thead",
    { role: "rowgroup" },
    h(
      "tr",
      { role: "row" },
      COLUMNS.map((column) =>
        h(
          "th",
          {
            key: column,
            class: className(column),
            scope: "col",
            role: "columnheader",
          },
          column,
        ),
      ),
    ),
  );
}

const kept = new WeakMap();

/** One request. `open` marks the row whose details are shown. */
export function requestRow(request, { index = null, open = false, filters = "" } = {}) {
  const drawnFor = `${index} ${open} ${filters}`;
  const known = kept.get(request);
  if (known?.drawnFor === drawnFor) return known.row;
  const row = describe(request, index, open, filters);
  // What runs has a clock in it; what has ended stays as it is, however often it is drawn.
  if (request.outcome !== null) kept.set(request, { drawnFor, row });
  return row;
}

function describe(request, index, open, filters) {
  const [word, role] = requestOutcome(request);
  const running = request.outcome === null;
  const cells = {
    time: h(
      "a",
      { href: `#requests/${encodeURIComponent(request.id)}${filters}`, "aria-current": open ? "true" : null },
      seconds(new Date(request.time)),
    ),
    chain: request.chain,
    trail: trailOf(request.trail),
    "served by": request.entry
      ? entryName(request.entry)
      : h("span", { class: running ? "muted" : "out" }, running ? "…" : "nobody"),
    client: request.client,
    outcome: h(
      "span",
      { class: role },
      running ? `… ${duration(Math.max(0, now() - Date.parse(request.time)))}` : word,
    ),
    in: request.tokens_in ? tokens(request.tokens_in, request) : MISSING,
    out: request.tokens_out ? tokens(request.tokens_out, request) : MISSING,
    first: duration(request.first_token_ms),
    total: running ? "" : duration(request.duration_ms),
  };
  return h(
    "tr",
    {
      key: request.id,
      role: "row",
      class: open ? "open" : null,
      "aria-rowindex": index === null ? null : index + 2,
      onclick: (event) => event.target.closest("a") || event.currentTarget.querySelector("a").click(),
    },
    COLUMNS.map((column) => h("td", { key: column, role: "cell", class: className(column) }, cells[column])),
  );
}

const tokens = (number, { estimated }) => `${estimated ? "~" : ""}${count(number)}`;
