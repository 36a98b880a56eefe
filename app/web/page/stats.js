// Totals: where the tokens came from, what they would have cost, where requests came down.

import { get, query } from "./api.js";
import { figures } from "./chain_view.js";
import { smallColumns, tokenChart } from "./chart.js";
import { h, redraw } from "./dom.js";
import { live, onEvent } from "./live.js";
import { empty, entryName, link, muted, row, section, switchOf, table, track, unseen, wordButton } from "./parts.js";
import { tellError } from "./toast.js";
import { count, dollars, duration, grouped, many, MISSING, share } from "./words.js";

const PERIODS = { today: [0, 0], yesterday: [1, 1], "7 days": [6, 0], "30 days": [29, 0] };
const GROUPS = ["provider", "model", "chain", "client", "day", "hour"];
const FILTER = { provider: "provider", chain: "chain", client: "q", model: "q" };
const NUMBERS = [
  ["served", "requests", grouped],
  ["429s", "refused", grouped],
  ["failed", "failed", grouped],
  ["in", "tokens_in", count],
  ["out", "tokens_out", count],
  ["mean", "mean_ms", duration],
  ["p95", "p95_ms", duration],
  ["saved", "saved_usd", dollars],
];
const LANDED = [
  ["served by the first entry", "first"],
  ["fell past one", "second"],
  ["fell past two or more", "later"],
  ["nobody could serve", "nobody"],
];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const AGAIN = 5000;
const DAY = 86_400_000;

const my = {
  period: "7 days",
  group: "provider",
  sort: "saved_usd",
  time: [],
  rows: [],
  loaded: false,
  watching: false,
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
    const rows = byTime();
    return [
      h("p.period", { key: "period" }, switchOf("period", listed(Object.keys(PERIODS)), my.period, turn("period"))),
      totals(rows),
      rows.some((row) => row.requests || row.attempts)
        ? [chart(rows), breakdown(), landings(rows)]
        : empty(
            "Nothing to count in this period. Numbers appear with the first request and are kept for ever as daily totals.",
          ),
    ];
  },
};

const listed = (names) => names.map((name) => [name]);

const turn = (name) => (value) => {
  my[name] = value;
  read();
};

const isHourly = () => PERIODS[my.period][0] === PERIODS[my.period][1];

/** The first and the last day of the period, by the instance's calendar. */
function range() {
  const [from, to] = PERIODS[my.period].map((ago) => isoDay(Date.parse(live.status.today) - ago * DAY));
  return { from, to };
}

const isoDay = (at) => new Date(at).toISOString().slice(0, 10);

async function read() {
  const { period, group } = my;
  try {
    const asked = [isHourly() ? "hour" : "day", group].map((by) => get(`api/stats${query({ by, ...range() })}`));
    const [time, rows] = await Promise.all(asked);
    if (period !== my.period || group !== my.group) return;
    Object.assign(my, { time: time.items, rows: rows.items });
  } catch (error) {
    tellError(error);
  }
  my.loaded = true;
  redraw();
}

let due = 0;

onEvent((name) => {
  if (!my.watching || name !== "request" || due) return;
  due = setTimeout(() => {
    due = 0;
    if (my.watching) read();
  }, AGAIN);
});

/** A row for every hour or day of the period, those without requests too. */
function byTime() {
  const known = new Map(my.time.map((row) => [row.key, row]));
  const { from, to } = range();
  const days = (Date.parse(to) - Date.parse(from)) / DAY + 1;
  const hour = (_, at) => `${from}T${String(at).padStart(2, "0")}`;
  const day = (_, at) => isoDay(Date.parse(from) + at * DAY);
  const keys = isHourly() ? Array.from({ length: 24 }, hour) : Array.from({ length: days }, day);
  return keys.map(
    (key) => known.get(key) ?? { key, requests: 0, attempts: 0, tokens_in: 0, tokens_out: 0, saved_usd: null },
  );
}

const sum = (rows, name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);

function totals(rows) {
  const served = sum(rows, "requests");
  return figures([
    [count(sum(rows, "tokens_in") + sum(rows, "tokens_out")), "tokens"],
    [dollars(rows.some((row) => row.saved_usd !== null) ? sum(rows, "saved_usd") : null), "saved"],
    [grouped(served + sum(rows, "unserved")), "requests"],
    [share(served ? sum(rows, "waterfalled") / served : null), "waterfalled"],
  ]);
}

/** `Nov 22` of a day, `14` of an hour. */
function timeWord(key) {
  const [date, hour] = key.split("T");
  const [, month, day] = date.split("-").map(Number);
  return hour ?? `${MONTHS[month - 1]} ${day}`;
}

function chart(rows) {
  const caption = isHourly() ? "tokens an hour" : "tokens a day";
  const columns = rows.map((row) => ({
    label: timeWord(row.key),
    in: row.tokens_in,
    out: row.tokens_out,
    title: `${many(row.requests, "request")}, ${grouped(row.tokens_in)} in, ${grouped(row.tokens_out)} out, ${dollars(row.saved_usd)} saved`,
  }));
  const legend = h("span", h("span.flow", "■"), " out ", h("span.flow2", "■"), " in");
  return section(caption, legend, tokenChart(columns, caption));
}

function breakdown() {
  const timely = my.group === "day" || my.group === "hour";
  const rows = timely ? my.rows : [...my.rows].sort((one, other) => (other[my.sort] ?? -1) - (one[my.sort] ?? -1));
  const most = Math.max(1, ...rows.map((row) => row.requests));
  const columns = [
    [my.group],
    [unseen("share of requests"), "share-column"],
    ...NUMBERS.map((one) => numberHead(one, timely)),
  ];
  return section(
    `by ${my.group}`,
    switchOf("group by", listed(GROUPS), my.group, turn("group")),
    h(
      "div.scroll",
      { tabindex: 0, role: "group", "aria-label": `by ${my.group}` },
      table(
        `by ${my.group}`,
        columns,
        rows.map((row) => totalsRow(columns, row, most)),
        { class: "totals" },
      ),
    ),
  );
}

function numberHead([word, name], timely) {
  const sorted = my.sort === name;
  const sort = () => {
    my.sort = name;
    redraw();
  };
  const head = timely ? word : wordButton(word, sort, { class: sorted && "sorted" });
  return [head, `number t-${name}`, { "aria-sort": sorted && !timely ? "descending" : null }];
}

const ALARMS = { refused: "low", failed: "out" };

function totalsRow(columns, one, most) {
  const cells = NUMBERS.map(([, name, word]) =>
    one[name] === null ? MISSING : h("span", { class: one[name] > 0 && ALARMS[name] }, word(one[name])),
  );
  return row(columns, [track((one.requests * 100) / most), ...cells], { key: one.key, name: keyCell(one.key) });
}

/** What a row counts, with the way to its requests. */
function keyCell(key) {
  const { group } = my;
  if (FILTER[group])
    return link(`#requests${query({ [FILTER[group]]: key })}`, group === "model" ? entryName(key) : key);
  return group === "hour" ? `${key.replace("T", " ")}:00` : key;
}

function landings(rows) {
  const numbersOf = (name) => rows.map((row) => row.landed?.[name] ?? 0);
  const total = (numbers) => numbers.reduce((all, number) => all + number, 0);
  const all = total(LANDED.flatMap(([, name]) => numbersOf(name)));
  if (!all) return null;
  const small = LANDED.map(([word, name]) => {
    const numbers = numbersOf(name);
    return [word, numbers, name === "nobody" ? grouped(total(numbers)) : share(total(numbers) / all)];
  });
  const title = isHourly() ? "requests by hour" : "requests by day";
  return section(
    title,
    muted("where they landed"),
    smallColumns(
      small,
      rows.map((row) => timeWord(row.key)),
    ),
  );
}
