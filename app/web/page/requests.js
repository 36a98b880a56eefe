// The request log: newest on top, as far back as somebody scrolls.

import { get, query } from "./api.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { isLost, live, onEvent } from "./live.js";
import { button, choice, empty, heading } from "./parts.js";
import { isAskedFor } from "./request_filter.js";
import { requestDetail } from "./request_detail.js";
import { requestHead, requestRow } from "./request_table.js";
import { tellError } from "./toast.js";
import { grouped, many } from "./words.js";

const PAGE = 200;
const OLDER = 500;
const AHEAD = 100;
const SPARE = 32;
const STEP = 16;
const PHONE = matchMedia("(max-width: 620px)");
const TYPING = 250;
const STATUSES = [
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

export const requests = {
  title: "Requests",
  enter(route) {
    const filters = Object.fromEntries(FILTERS.map((name) => [name, route.query.get(name) ?? ""]));
    if (!log.loaded || FILTERS.some((name) => filters[name] !== (log.filters[name] ?? ""))) {
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
  draw(route) {
    const filters = query(log.filters);
    return [
      filterBar(),
      h(
        "div",
        { key: "split", class: route.id ? "split open" : "split" },
        h("div.list", { key: "list" }, list(route.id, filters)),
        route.id &&
          h(
            "div.side",
            { key: "side" },
            h("p", h("a", { href: `#requests${filters}` }, "← all requests")),
            requestDetail.draw(),
          ),
      ),
    ];
  },
};

function filterBar() {
  const set = (name) => (value) => {
    location.replace(`#requests${query({ ...log.filters, [name]: value })}`);
  };
  const among = (label, name, values) =>
    choice(label, log.filters[name], [["", `any ${label}`], ...present(values, log.filters[name])], set(name));
  return h(
    "form.filters",
    { key: "filters", onsubmit: (event) => event.preventDefault() },
    h("input", {
      id: "filter-text",
      type: "search",
      "aria-label": "filter by text",
      placeholder: "filter by text",
      value: log.filters.q,
      autocomplete: "off",
      oninput: (event) => typed(event.target.value.trim(), set("q")),
    }),
    among(
      "chain",
      "chain",
      live.chains.map((chain) => chain.name),
    ),
    among(
      "provider",
      "provider",
      live.providers.map((provider) => provider.id),
    ),
    choice(
      "outcome",
      log.filters.status,
      log.filters.status && !STATUSES.some(([value]) => value === log.filters.status)
        ? [...STATUSES, [log.filters.status, log.filters.status]]
        : STATUSES,
      set("status"),
    ),
    h(
      "span.rule-less",
      button(log.paused ? "Go on" : "Pause", () => pause(!log.paused), { "aria-pressed": String(log.paused) }),
      h("a.button", { href: `api/requests.csv${query(log.filters)}`, download: "requests.csv" }, "CSV"),
      h("a.button", { href: `api/requests.jsonl${query(log.filters)}`, download: "requests.jsonl" }, "JSONL"),
    ),
  );
}

// A filter may name what is no longer configured: the log still knows it.
const present = (values, value) =>
  (value && !values.includes(value) ? [...values, value] : values).map((one) => [one, one]);

let typing = 0;

function typed(text, act) {
  clearTimeout(typing);
  typing = setTimeout(() => act(text), TYPING);
}

function pause(on) {
  log.paused = on;
  if (!on) showFresh();
  redraw();
}

function list(openId, filters) {
  const state = isLost()
    ? h("span.low", "◔ not connected")
    : log.paused
      ? h("span.low", "paused")
      : h("span.flow", "● live");
  const shown = log.next === null ? many(log.items.length, "request") : `the newest ${grouped(log.items.length)}`;
  return [
    heading(
      "requests",
      log.loaded ? `${shown}${Object.values(log.filters).some(Boolean) ? " of those asked for" : ""}` : "reading …",
      {
        more: [state, log.fresh.length > 0 && h("button.link.fresh", { onclick: toTop }, `▲ ${log.fresh.length} new`)],
      },
    ),
    log.items.length ? table(openId, filters) : log.loaded && nothing(),
    log.next !== null && h("p.older", button(log.loading ? "…" : "Older", more, { disabled: log.loading })),
  ];
}

function nothing() {
  if (Object.values(log.filters).some(Boolean))
    return empty("No request is like that. ", h("a", { href: "#requests" }, "Clear the filter"), ".");
  return empty(
    `No request yet. Point a program at ${live.status.base_url}, or `,
    h("a", { href: "#test" }, "test a prompt"),
    ".",
  );
}

/** Of a log of any length only the rows in sight are elements; blank rows keep their room. */
function table(openId, filters) {
  const height = rowHeight();
  const [first, last] = inSight(height);
  const rows = log.items.slice(first, last);
  return h(
    "table",
    {
      role: "table",
      class: "requests log",
      "aria-label": "requests",
      "aria-rowcount": log.next === null ? log.items.length + 1 : -1,
    },
    requestHead(),
    h(
      "tbody",
      { role: "rowgroup", id: "log-rows" },
      room("above", first * height),
      rows.map((one, index) => requestRow(one, { index: first + index, open: one.id === openId, filters })),
      room("below", (log.items.length - last) * height),
    ),
  );
}

const room = (key, height) =>
  h("tr.room", { key, "aria-hidden": "true" }, h("td", { style: { height: `${height}px` } }));

/** As --log-row in the style sheet: rows of one height, or nobody could say which are in sight. */
const rowHeight = () => (PHONE.matches ? 58 : 30);

function inSight(height) {
  const top = document.getElementById("log-rows")?.getBoundingClientRect().top ?? 0;
  const first = Math.max(0, Math.floor((-top / height - SPARE) / STEP) * STEP);
  return [
    Math.min(first, log.items.length),
    Math.min(log.items.length, first + Math.ceil(innerHeight / height) + 2 * SPARE + STEP),
  ];
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

const atTop = () => scrollY < 80;

function toTop() {
  scrollTo(0, 0);
  log.paused = false;
  showFresh();
}

function showFresh() {
  log.items = [...log.fresh, ...log.items];
  log.fresh = [];
  redraw();
}

async function reload() {
  const { filters } = log;
  Object.assign(log, { items: [], next: null, loaded: false, loading: true, fresh: [] });
  redraw();
  try {
    const page = await get(`api/requests${query({ ...filters, limit: PAGE })}`);
    if (filters !== log.filters) return;
    Object.assign(log, { items: page.items, next: page.next, loaded: true, loading: false });
  } catch (error) {
    Object.assign(log, { loaded: true, loading: false });
    tellError(error);
  }
  redraw();
}

async function more() {
  if (log.loading || log.next === null) return;
  const { filters } = log;
  log.loading = true;
  try {
    const page = await get(`api/requests${query({ ...filters, limit: OLDER, before: log.next })}`);
    if (filters !== log.filters) return;
    log.items = log.items.concat(page.items);
    log.next = page.next;
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
  if (name !== "request") return;
  requestDetail.heard(data);
  const running = log.items.findIndex((one) => one.id === data.id);
  if (running >= 0) log.items[running] = data;
  else if (!isAskedFor(data, log.filters)) return;
  else if (log.paused || !atTop()) log.fresh = [data, ...log.fresh];
  else log.items = [data, ...log.items];
  redraw();
});

/** After a gap: the newest page again, without moving the reader. */
async function reloadQuietly() {
  const { filters } = log;
  const page = await get(`api/requests${query({ ...filters, limit: PAGE })}`).catch(tellError);
  if (!page || filters !== log.filters) return;
  const known = new Set(log.items.map((one) => one.id));
  const missed = page.items.filter((one) => !known.has(one.id));
  if (missed.length === page.items.length) Object.assign(log, { items: page.items, next: page.next, fresh: [] });
  else if (atTop() && !log.paused) log.items = [...missed, ...log.items];
  else log.fresh = [...missed, ...log.fresh.filter((one) => !missed.some((other) => other.id === one.id))];
  redraw();
}
