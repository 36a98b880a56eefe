// The instance as it is now: a snapshot that the event stream keeps current.

import { get, query } from "./api.js";
import { redraw } from "./draw.js";
import { unknownEntry } from "./entry.js";

const LAST = 40;
const STATUS_EVERY = 2000;
const LIMITS_EVERY = 4000;
const HIDDEN_FOR = 60_000;
const PAUSES = [500, 1000, 2000, 4000];

/** What is known. `connection` is `starting`, `live` or `lost`. */
export const live = {
  connection: "starting",
  heardAt: Date.now(),
  status: null,
  chains: [],
  version: null,
  providers: null,
  entries: new Map(),
  requests: [],
};

let skew = 0;
let stream = null;
let failures = 0;
let timers = [];
const listeners = new Set();

/** The instance's clock, in milliseconds: countdowns are right whatever this device's clock says. */
export const now = () => Date.now() + skew;

/** `listen(name, data)` gets every event, `entries` with what the entries were before. */
export function onEvent(listen) {
  listeners.add(listen);
}

const tell = (name, data) => listeners.forEach((listen) => listen(name, data));

export const entryOf = (name) => live.entries.get(name) ?? unknownEntry(name);

export const isLost = () => live.connection === "lost";

/** Read everything and follow what changes, until `stop`. Throws ApiError if it cannot be read. */
export async function start() {
  await load();
  follow();
}

export function stop() {
  stream?.close();
  stream = null;
  timers.forEach(clearInterval);
  timers = [];
}

/** Read the whole snapshot again. */
export async function load() {
  // First alone: one who is not signed in is told so once.
  const status = await get("api/status");
  const [limits, requests] = await Promise.all([
    get("api/limits"),
    get(`api/requests${query({ limit: LAST })}`).catch(orNothing),
    loadConfig(),
  ]);
  takeStatus(status);
  live.entries = new Map(limits.items.map((entry) => [entry.entry, entry]));
  live.requests = requests?.items ?? live.requests;
  redraw();
}

// The log may be unreadable while everything else is well; the status says so.
function orNothing(error) {
  if (error.status === 503) return null;
  throw error;
}

/** Read chains and providers again: what a change of the config may change. */
export async function loadConfig() {
  const [chains, providers] = await Promise.all([get("api/chains"), get("api/providers")]);
  live.chains = chains.items;
  live.version = chains.version;
  live.providers = providers.items;
  redraw();
}

function takeStatus(status) {
  live.status = status;
  live.heardAt = Date.now();
  skew = Date.parse(status.time) - Date.now();
}

function follow() {
  stop();
  stream = new EventSource("api/events");
  for (const name of ["limits", "request", "config", "health", "resync"]) {
    stream.addEventListener(name, (event) => take(name, JSON.parse(event.data)));
  }
  stream.onerror = lost;
  timers = [
    setInterval(redraw, 1000),
    setInterval(() => refresh(refreshStatus), STATUS_EVERY),
    setInterval(() => refresh(refreshLimits), LIMITS_EVERY),
  ];
}

function take(name, data) {
  live.heardAt = Date.now();
  if (name === "resync") {
    failures = 0;
    live.connection = "live";
    refresh(load);
  } else if (name === "limits") {
    const before = data.items.map((entry) => live.entries.get(entry.entry));
    for (const entry of data.items) live.entries.set(entry.entry, entry);
    tell("entries", { before, after: data.items });
    soon(refreshChains);
  } else if (name === "request") {
    live.requests = [data, ...live.requests.filter((one) => one.id !== data.id)].slice(0, LAST);
    soon(refreshStatus);
  } else if (name === "config") {
    refresh(load);
  } else if (name === "health") {
    soon(refreshStatus);
  }
  tell(name, data);
  redraw();
}

const waiting = new Set();

/** Once for many events that come together. */
function soon(read) {
  if (waiting.has(read)) return;
  waiting.add(read);
  setTimeout(() => {
    waiting.delete(read);
    refresh(read);
  }, 250);
}

async function refreshStatus() {
  takeStatus(await get("api/status"));
}

async function refreshChains() {
  const chains = await get("api/chains");
  live.chains = chains.items;
  live.version = chains.version;
}

async function refreshLimits() {
  // Buckets fill and windows roll by time alone, which is no event.
  const [limits] = await Promise.all([get("api/limits"), refreshChains()]);
  live.entries = new Map(limits.items.map((entry) => [entry.entry, entry]));
}

async function refresh(read) {
  if (stream === null || document.hidden) return;
  try {
    await read();
    redraw();
  } catch (error) {
    if (error.status === undefined) throw error;
    if (error.status === 0) lost();
  }
}

function lost() {
  if (stream === null) return;
  stop();
  live.connection = "lost";
  timers = [setInterval(redraw, 1000)];
  redraw();
  setTimeout(reconnect, PAUSES[Math.min(failures, PAUSES.length - 1)]);
  failures += 1;
}

async function reconnect() {
  if (stream !== null || live.connection !== "lost") return;
  try {
    await load();
    follow();
  } catch (error) {
    if (error.status === undefined) throw error;
    if (error.status === 401) return;
    setTimeout(reconnect, PAUSES[Math.min(failures, PAUSES.length - 1)]);
    failures += 1;
  }
}

let hiddenTimer = 0;

// A page that nobody sees watches nothing after a minute, and reads all anew on return.
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (live.status === null || live.connection === "starting") return;
  if (document.hidden) {
    hiddenTimer = setTimeout(stop, HIDDEN_FOR);
  } else if (stream === null && live.connection !== "lost") {
    live.connection = "lost";
    reconnect();
  }
});

/** Forget everything: the session has ended. */
export function forget() {
  stop();
  Object.assign(live, {
    connection: "starting",
    status: null,
    chains: [],
    providers: null,
    entries: new Map(),
    requests: [],
  });
}
