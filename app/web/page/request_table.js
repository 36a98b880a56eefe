// Requests as rows of a table, wherever they are listed.

import { h } from "./dom.js";
import { requestOutcome } from "./entry.js";
import { live, now } from "./live.js";
import { empty, entryName, link, row, table, trailOf } from "./parts.js";
import { count, duration, MISSING, seconds } from "./words.js";

const COLUMNS = [
  ["time", "c-time"],
  ["chain", "c-chain"],
  ["trail", "c-trail"],
  ["served by", "c-served-by"],
  ["client", "c-client"],
  ["outcome", "c-outcome"],
  ["in", "c-in number"],
  ["out", "c-out number"],
  ["first", "c-first number"],
  ["total", "c-total number"],
];

/** On a phone the rows speak for themselves, so the head is only heard there. */
export const requestTable = (label, rows, { log = false, ...props } = {}) =>
  table(label, COLUMNS, rows, { class: ["requests", log && "log"], ...props });

/** What stands where requests will. */
export const noRequest = () =>
  empty(`No request yet. Point a program at ${live.status.base_url}, or `, link("#test", "test a prompt"), ".");

const kept = new WeakMap();

/** One request. `open` marks the row whose details are shown. */
export function requestRow(request, { index = null, open = false, filters = "" } = {}) {
  const drawnFor = `${index} ${open} ${filters}`;
  const known = kept.get(request);
  if (known?.drawnFor === drawnFor) return known.drawn;
  const address = `#requests/${encodeURIComponent(request.id)}${filters}`;
  const drawn = row(COLUMNS, cells(request, address, open), {
    key: request.id,
    class: open && "open",
    "aria-rowindex": index === null ? null : index + 2,
  });
  // What runs has a clock in it; what has ended stays as it is, however often it is drawn.
  if (request.outcome !== null) kept.set(request, { drawnFor, drawn });
  return drawn;
}

function cells(request, href, open) {
  const [word, role] = requestOutcome(request);
  const running = request.outcome === null;
  const nobody = running ? h("span.muted", "…") : h("span.out", "nobody");
  const so_far = running && `… ${duration(Math.max(0, now() - Date.parse(request.time)))}`;
  const tokens = (number) => (number ? `${request.estimated ? "~" : ""}${count(number)}` : MISSING);
  return [
    h("a", { href, "aria-current": open ? "true" : null }, seconds(new Date(request.time))),
    request.chain,
    trailOf(request.trail),
    request.entry ? entryName(request.entry) : nobody,
    request.client,
    h(`span.${role}`, so_far || word),
    tokens(request.tokens_in),
    tokens(request.tokens_out),
    duration(request.first_token_ms),
    running ? "" : duration(request.duration_ms),
  ];
}

/** Whether a request is one of those that are asked for, as the admin API would find. */
export function isAskedFor(request, { q, chain, provider, status }) {
  const asked = request.trail.filter(([, outcome]) => outcome !== "not-tried" && !outcome.startsWith("skipped:"));
  const text = [request.id, request.client, request.agent, request.chain, request.entry ?? ""];
  const code = String(request.status);
  return (
    (!chain || request.chain === chain) &&
    (!provider || asked.some(([entry]) => entry.startsWith(`${provider}/`))) &&
    (!status || [request.outcome, code, `${code[0]}xx`].includes(status)) &&
    (!q || text.some((one) => one.toLowerCase().includes(q.toLowerCase())))
  );
}
