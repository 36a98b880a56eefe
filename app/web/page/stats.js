// Totals: where the tokens came from, what they would have cost, where requests came down.

import { get, query } from "./api.js";
import { smallColumns, tokenChart } from "./chart.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { now, onEvent } from "./live.js";
import { empty, entryName, heading, switchOf } from "./parts.js";
import { tellError } from "./toast.js";
import { count, dollars, duration, grouped, many, share } from "./words.js";

const PERIODS = [
  ["today", "today", 0, 0],
  ["yesterday", "yesterday", 1, 1],
  ["7", "7 days", 6, 0],
  ["30", "30 days", 29, 0],
];
const GROUPS = ["provider", "model", "chain", "client", "day", "hour"];
const AGAIN = 5000;
const DAY = 86_400_000;
const COLUMNS = [
  ["served", "requests", grouped],
  ["429s", "refused", grouped],
  ["failed", "failed", grouped],
  ["in", "tokens_in", count],
  ["out", "tokens_out", count],
  ["mean", "mean_ms", duration],
  ["p95", "p95_ms", duration],
  ["saved", "saved_usd", dollars],
];

const my = {
  period: "7",
  group: "provider",
  sort: "saved_usd",
  time: [],
  rows: [],
  loaded: false,
  watching: false,
  due: 0,
};

export const stats = {
  title: "Stats",
  enter() {
    my.watching = true;
    read();
  },
  leave() {
    my.watching = false;
  },
  draw() {
    if (!my.loaded) return h("p.muted", "reading …");
    return [
      head(),
      byTime().some((row) => row.requests + row.attempts)
        ? [chart(), table(), landings()]
        : empty(
            "Nothing to count in this period. Numbers appear with the first request and are kept for ever as daily totals.",
          ),
    ];
  },
};

const isHourly = () => my.period === "today" || my.period === "yesterday";

/** The first and the last day of the period, by this browser's calendar. */
function range() {
  const [, , first, last] = PERIODS.find(([name]) => name === my.period);
  return { from: isoDay(now() - first * DAY), to: isoDay(now() - last * DAY) };
}

function isoDay(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

async function read() {
  const { period, group } = my;
  try {
    const [time, rows] = await Promise.all(
      [isHourly() ? "hour" : "day", group].map((by) => get(`api/stats${query({ by, ...range() })}`)),
    );
    if (period !== my.period || group !== my.group) return;
    Object.assign(my, { time: time.items, rows: rows.items, loaded: true });
  } catch (error) {
    my.loaded = true;
    tellError(error);
  }
  redraw();
}

onEvent((name) => {
  if (!my.watching || name !== "request" || my.due) return;
  my.due = setTimeout(() => {
    my.due = 0;
    if (my.watching) read();
  }, AGAIN);
});

const NOTHING = {
  requests: 0,
  unserved: 0,
  attempts: 0,
  refused: 0,
  failed: 0,
  waterfalled: 0,
  tokens_in: 0,
  tokens_out: 0,
  saved_usd: null,
  landed: null,
};

/** A row for every hour or day of the period, those without requests too. */
function byTime() {
  const known = new Map(my.time.map((row) => [row.key, row]));
  const { from, to } = range();
  const keys = [];
  for (let at = Date.parse(`${from}T12:00:00`); isoDay(at) <= to; at += DAY) keys.push(isoDay(at));
  const all = isHourly() ? [...Array(24).keys()].map((hour) => `${from}T${String(hour).padStart(2, "0")}`) : keys;
  return all.map((key) => known.get(key) ?? { key, ...NOTHING });
}

const sum = (rows, name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);

function head() {
  const rows = byTime();
  const served = sum(rows, "requests");
  const figures = [
    [count(sum(rows, "tokens_in") + sum(rows, "tokens_out")), "tokens"],
    [dollars(rows.some((row) => row.saved_usd !== null) ? sum(rows, "saved_usd") : null), "saved"],
    [grouped(served + sum(rows, "unserved")), "requests"],
    [share(served ? sum(rows, "waterfalled") / served : null), "waterfalled"],
  ];
  return [
    h(
      "p.period",
      { key: "period" },
      switchOf("period", PERIODS, my.period, (value) => {
        my.period = value;
        read();
      }),
    ),
    h(
      "dl.figures",
      { key: "figures" },
      figures.map(([value, label]) => h("div", { key: label }, h("dt", label), h("dd", value))),
    ),
  ];
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Nov 22` of a day, `14` of an hour. */
function timeWord(key) {
  const hour = key.split("T")[1];
  if (hour) return hour;
  const [, month, day] = key.split("-");
  return `${MONTHS[Number(month) - 1]} ${Number(day)}`;
}

function chart() {
  const rows = byTime();
  const caption = isHourly() ? "tokens an hour" : "tokens a day";
  return h(
    "section",
    { key: "chart" },
    heading(caption, h("span", h("span.flow", "■"), " out ", h("span.flow2", "■"), " in")),
    tokenChart(
      rows.map((row) => ({
        label: timeWord(row.key),
        in: row.tokens_in,
        out: row.tokens_out,
        title: `${many(row.requests, "request")}, ${grouped(row.tokens_in)} in, ${grouped(row.tokens_out)} out, ${dollars(row.saved_usd)} saved`,
      })),
      caption,
    ),
  );
}

function table() {
  const groups = switchOf(
    "group by",
    GROUPS.map((name) => [name, name]),
    my.group,
    (name) => {
      my.group = name;
      read();
    },
  );
  const timely = my.group === "day" || my.group === "hour";
  const rows = timely ? my.rows : [...my.rows].sort((one, other) => (other[my.sort] ?? -1) - (one[my.sort] ?? -1));
  const most = Math.max(1, ...rows.map((row) => row.requests));
  return h(
    "section",
    { key: "table" },
    heading(`by ${my.group}`, groups),
    h(
      "div.scroll",
      { tabindex: 0, role: "group", "aria-label": `by ${my.group}` },
      h(
        "table.totals",
        h(
          "thead",
          h(
            "tr",
            h("th", { scope: "col" }, my.group),
            h("th.share-column", unheard()),
            COLUMNS.map(([word, name]) =>
              h(
                "th",
                {
                  key: name,
                  scope: "col",
                  class: `number t-${name}`,
                  "aria-sort": my.sort === name && !timely ? "descending" : null,
                },
                timely
                  ? word
                  : h(
                      "button",
                      {
                        class: my.sort === name ? "link sorted" : "link",
                        onclick: () => {
                          my.sort = name;
                          redraw();
                        },
                      },
                      word,
                    ),
              ),
            ),
          ),
        ),
        h(
          "tbody",
          rows.map((row) =>
            h(
              "tr",
              { key: row.key },
              h("th", { scope: "row" }, keyCell(row.key)),
              h(
                "td.share-column",
                h("span.track", h("span.fill", { style: { width: `${(row.requests * 100) / most}%` } })),
              ),
              COLUMNS.map(([, name, word]) =>
                h(
                  "td",
                  {
                    key: name,
                    class: `number t-${name} ${name === "refused" && row[name] ? "low" : name === "failed" && row[name] ? "out" : ""}`,
                  },
                  row[name] === null ? "–" : word(row[name]),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

const unheard = () => h("span.unseen", "share of requests");

/** What a row counts, with the way to its requests. */
function keyCell(key) {
  const filter = { provider: { provider: key }, chain: { chain: key }, client: { q: key }, model: { q: key } }[
    my.group
  ];
  if (!filter) return my.group === "hour" ? key.replace("T", " ") + ":00" : key;
  return h("a", { href: `#requests${query(filter)}` }, my.group === "model" ? entryName(key) : key);
}

const LANDED = [
  ["served by the first entry", "first"],
  ["fell past one", "second"],
  ["fell past two or more", "later"],
  ["nobody could serve", "nobody"],
];

function landings() {
  const rows = byTime();
  const all = rows.reduce(
    (total, row) => total + LANDED.reduce((part, [, name]) => part + (row.landed?.[name] ?? 0), 0),
    0,
  );
  if (!all) return null;
  return h(
    "section",
    { key: "landed" },
    heading(isHourly() ? "requests by hour" : "requests by day", "where they landed"),
    smallColumns(
      LANDED.map(([word, name]) => {
        const numbers = rows.map((row) => row.landed?.[name] ?? 0);
        const part = numbers.reduce((total, number) => total + number, 0);
        return [word, numbers, name === "nobody" ? grouped(part) : share(part / all)];
      }),
      rows.map((row) => timeWord(row.key)),
    ),
  );
}
