// The request log: newest on top, as far back as somebody scrolls.

import { get, query } from "./api.js";
import { h, redraw } from "./dom.js";
import { isLost, live, onEvent } from "./live.js";
import { button, choice, empty, heading, link, textInput, wordButton } from "./parts.js";
import { requestDetail } from "./request_detail.js";
import { isAskedFor, noRequest, requestRow, requestTable } from "./request_table.js";
import { tellError } from "./toast.js";
import { grouped, many } from "./words.js";

const PAGE = 200;
const OLDER = 500;
const AHEAD = 100;
const SPARE = 16;
const STEP = 8;
const TYPING = 250;
const TOP = 80;
const PHONE = matchMedia("(max-width: 620px)");
const OUTCOMES = [
  ["", "any outcome"],
  ["ok", "ok"],
  ["failed", "failed"],
  ["interrupted", "cut off"],
  ["left", "client left"],
  ["429", "429"],
  ["4xx", "4xx"],
  ["5xx", "5xx"],
];
const FILTERS = ["q", "chain", "provider", "status"];

const log = { filters: {}, items: [], next: null, loaded: false, loading: false, fresh: [], paused: false };

const isFiltered = () => Object.values(log.filters).some(Boolean);

export const requests = {
  title: "Requests",
  enter(route) {
    const filters = Object.fromEntries(FILTERS.map((name) => [name, route.query.get(name) ?? ""]));
    if (!log.loaded || FILTERS.some((name) => filters[name] !== log.filters[name])) {
      log.filters = filters;
      reload();
    }
    requestDetail.show(route.id);
    addEventListener("scroll", scrolled, { passive: true });
    addEventListener("resize", redraw);
  },
  leave() {
    removeEventListener("scroll", scrolled);
    removeEventListener("resize", redraw);
    requestDetail.show("");
    log.loaded = false;
  },
  find() {
    document.getElementById("filter-text")?.focus();
    return true;
  },
  draw({ id }) {
    const filters = query(log.filters);
    const back = h("p", link(`#requests${filters}`, "← all requests"));
    return [
      filterBar(),
      h(
        "div.split",
        { key: "split", class: id && "open" },
        h("div.list", { key: "list" }, list(id, filters)),
        id && h("div.side", { key: "side" }, back, requestDetail.draw()),
      ),
    ];
  },
};

function filterBar() {
  const { filters, paused } = log;
  const set = (name) => (value) => location.replace(`#requests${query({ ...filters, [name]: value })}`);
  // A filter may name what is no longer configured: the log still knows it.
  const known = (options, value) => (options.some(([one]) => one === value) ? options : [...options, [value, value]]);
  const among = (name, label, options) =>
    choice(filters[name], known(options, filters[name]), set(name), { "aria-label": label });
  const any = (word, values) => [["", `any ${word}`], ...values.map((one) => [one, one])];
  const search = { id: "filter-text", type: "search", "aria-label": "filter by text", placeholder: "filter by text" };
  const download = (kind) =>
    h("a.button", { href: `api/requests.${kind}${query(filters)}`, download: `requests.${kind}` }, kind.toUpperCase());
  return h(
    "form.filters",
    { key: "filters", onsubmit: (event) => event.preventDefault() },
    textInput(filters.q, (text) => afterTyping(() => set("q")(text.trim())), search),
    among(
      "chain",
      "chain",
      any(
        "chain",
        live.chains.map(({ name }) => name),
      ),
    ),
    among(
      "provider",
      "provider",
      any(
        "provider",
        live.providers.map(({ id }) => id),
      ),
    ),
    among("status", "outcome", OUTCOMES),
    h(
      "span.rule-less",
      button(paused ? "Go on" : "Pause", () => pause(!paused), { "aria-pressed": String(paused) }),
      download("csv"),
      download("jsonl"),
    ),
  );
}

let typing = 0;

function afterTyping(act) {
  clearTimeout(typing);
  typing = setTimeout(act, TYPING);
}

function pause(on) {
  log.paused = on;
  if (!on) showFresh();
  redraw();
}

function list(openId, filters) {
  const { items, fresh, loaded, loading, next } = log;
  const state = isLost() ? ["low", "◔ not connected"] : log.paused ? ["low", "paused"] : ["flow", "● live"];
  const shown = next === null ? many(items.length, "request") : `the newest ${grouped(items.length)}`;
  const note = loaded ? shown + (isFiltered() ? " of those asked for" : "") : "reading …";
  const news = fresh.length > 0 && wordButton(`▲ ${fresh.length} new`, toTop);
  return [
    heading("requests", note, { more: [h(`span.${state[0]}`, state[1]), news] }),
    items.length ? rowsInSight(openId, filters) : loaded && nothing(),
    next !== null && h("p.older", button(loading ? "…" : "Older", more, { disabled: loading })),
  ];
}

const nothing = () =>
  isFiltered() ? empty("No request is like that. ", link("#requests", "Clear the filter"), ".") : noRequest();

/** Of a log of any length only the rows in sight are elements; blank rows keep their room. */
function rowsInSight(openId, filters) {
  const { items, next } = log;
  const height = rowHeight();
  const [first, last] = inSight(height);
  const rows = items
    .slice(first, last)
    .map((one, at) => requestRow(one, { index: first + at, open: one.id === openId, filters }));
  return requestTable(
    "requests",
    [room("above", first * height), rows, room("below", (items.length - last) * height)],
    { log: true, "aria-rowcount": next === null ? items.length + 1 : -1, body: { id: "log-rows" } },
  );
}

const room = (key, height) =>
  h("tr.room", { key, "aria-hidden": "true" }, h("td", { style: { height: `${height}px` } }));

/** As --log-row in the style sheet: rows of one height, or nobody could say which are in sight. */
const rowHeight = () => (PHONE.matches ? 58 : 30);

function inSight(height) {
  const { length } = log.items;
  const top = document.getElementById("log-rows")?.getBoundingClientRect().top ?? 0;
  const first = Math.max(0, Math.floor((-top / height - SPARE) / STEP) * STEP);
  return [Math.min(first, length), Math.min(length, first + Math.ceil(innerHeight / height) + 2 * SPARE + STEP)];
}

let drawnAt = 0;

function scrolled() {
  const [first, last] = inSight(rowHeight());
  if (last > log.items.length - AHEAD) more();
  if (log.fresh.length && atTop()) showFresh();
  // Rows come and go by the dozen: not every pixel is worth a drawing.
  if (first !== drawnAt) redraw();
  drawnAt = first;
}

const atTop = () => scrollY < TOP;

function toTop() {
  scrollTo(0, 0);
  pause(false);
}

function showFresh() {
  Object.assign(log, { items: [...log.fresh, ...log.items], fresh: [] });
  redraw();
}

async function page(filters, more) {
  const found = await get(`api/requests${query({ ...filters, ...more })}`);
  return filters === log.filters ? found : null;
}

async function reload() {
  Object.assign(log, { items: [], next: null, loaded: false, loading: true, fresh: [] });
  redraw();
  try {
    const found = await page(log.filters, { limit: PAGE });
    if (!found) return;
    Object.assign(log, found);
  } catch (error) {
    tellError(error);
  }
  Object.assign(log, { loaded: true, loading: false });
  redraw();
}

async function more() {
  if (log.loading || log.next === null) return;
  log.loading = true;
  try {
    const found = await page(log.filters, { limit: OLDER, before: log.next });
    if (found) Object.assign(log, { items: log.items.concat(found.items), next: found.next });
  } catch (error) {
    tellError(error);
  } finally {
    log.loading = false;
    redraw();
  }
}

onEvent((name, data) => {
  if (!log.loaded) return;
  if (name === "resync") reloadQuietly();
  if (name === "running") showRunning(data);
  if (name !== "request") return;
  requestDetail.heard(data);
  const running = log.items.findIndex((one) => one.id === data.id);
  if (running >= 0) log.items[running] = data;
  else if (isAskedFor(data, log.filters)) log.fresh = [data, ...log.fresh];
  if (atTop() && !log.paused) showFresh();
  redraw();
});

/** What has come stands on top, while it runs; what runs no more and was never logged is gone. */
function showRunning(running) {
  const here = new Set(log.items.map((one) => one.id));
  const come = running.filter((one) => !here.has(one.id) && isAskedFor(one, log.filters));
  const runs = (one) => one.outcome !== null || running.some((other) => other.id === one.id);
  if (!log.paused && atTop()) log.items = [...come, ...log.items.filter(runs)];
}

/** After a gap: the newest page again, without moving the reader. */
async function reloadQuietly() {
  const found = await page(log.filters, { limit: PAGE }).catch(tellError);
  if (!found) return;
  const known = new Set([...log.fresh, ...log.items].map((one) => one.id));
  const missed = found.items.filter((one) => !known.has(one.id));
  if (missed.length === found.items.length) Object.assign(log, { ...found, fresh: [] });
  else log.fresh = [...missed, ...log.fresh];
  if (atTop() && !log.paused) showFresh();
  redraw();
}
