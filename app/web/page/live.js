// The instance as it is now: a snapshot that the event stream keeps current.

import { get, query, told } from "./api.js";
import { redraw } from "./dom.js";
import { unknownEntry } from "./entry.js";

const LAST = 40;
const STATUS_EVERY = 2000;
const LIMITS_EVERY = 4000;
const TOGETHER = 250;
const HIDDEN_FOR = 60_000;
const PAUSES = [500, 1000, 2000, 4000];
const NOTHING = { chains: [], version: null, providers: null, entries: new Map(), requests: [], status: null };

/** What is known. `connection` is `starting`, `live` or `lost`. */
export const live = { connection: "starting", heardAt: Date.now(), ...NOTHING };

let skew = 0;
let stream = null;
let failures = 0;
let timers = [];
const listeners = new Set();

/** The instance's clock, in milliseconds: countdowns are right whatever this device's clock says. */
export const now = () => Date.now() + skew;

/** `listen(name, data)` gets every event, `entries` with what the entries were before, `running` with what runs. */
export const onEvent = (listen) => listeners.add(listen);

const tell = (name, data) => listeners.forEach((listen) => listen(name, data));

export const entryOf = (name) => live.entries.get(name) ?? unknownEntry(name);

export const isLost = () => live.connection === "lost";

/** Read everything and follow what changes. Throws ApiError if it cannot be read. */
export async function start() {
  await load();
  follow();
}

function stop() {
  stream?.close();
  stream = null;
  timers.forEach(clearInterval);
  timers = [];
}

/** Read the whole snapshot again. */
export async function load() {
  // First alone: one who is not signed in is told so once.
  await readStatus();
  await Promise.all([readLimits(), readChains(), readProviders(), readRequests()]);
  redraw();
}

async function readStatus() {
  const before = live.status?.counts.in_flight;
  live.status = await get("api/status");
  // No event tells of a request that comes, only of one that goes.
  if (before !== live.status.counts.in_flight) soon(readRequests);
  live.heardAt = Date.now();
  skew = Date.parse(live.status.time) - Date.now();
}

async function readLimits() {
  const limits = await get("api/limits");
  live.entries = new Map(limits.items.map((entry) => [entry.entry, entry]));
}

async function readChains() {
  const { items, version } = await get("api/chains");
  Object.assign(live, { chains: items, version });
}

async function readProviders() {
  live.providers = (await get("api/providers")).items;
}

async function readRequests() {
  try {
    live.requests = (await get(`api/requests${query({ limit: LAST })}`)).items;
    tell(
      "running",
      live.requests.filter((one) => one.outcome === null),
    );
  } catch (error) {
    // The log may be unreadable while everything else is well; the status says so.
    if (error.status !== 503) throw error;
  }
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
    setInterval(() => refresh(readStatus), STATUS_EVERY),
    // Buckets fill and windows roll by time alone, which is no event.
    setInterval(() => refresh(readLimits, readChains), LIMITS_EVERY),
  ];
}

function take(name, data) {
  live.heardAt = Date.now();
  if (name === "resync") {
    failures = 0;
    live.connection = "live";
    refresh(load);
  } else if (name === "config") {
    refresh(load);
  } else if (name === "limits") {
    const before = data.items.map((entry) => live.entries.get(entry.entry));
    for (const entry of data.items) live.entries.set(entry.entry, entry);
    tell("entries", { before, after: data.items });
    soon(readChains);
  } else {
    if (name === "request") live.requests = [data, ...live.requests.filter((one) => one.id !== data.id)].slice(0, LAST);
    soon(readStatus);
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
  }, TOGETHER);
}

async function refresh(...reads) {
  if (stream === null || document.hidden) return;
  try {
    await Promise.all(reads.map((read) => read()));
    redraw();
  } catch (error) {
    told(error);
    if (error.status === 0) lost();
  }
}

function lost() {
  if (stream === null) return;
  stop();
  live.connection = "lost";
  timers = [setInterval(redraw, 1000)];
  redraw();
  again();
}

function again() {
  setTimeout(reconnect, PAUSES[Math.min(failures, PAUSES.length - 1)]);
  failures += 1;
}

async function reconnect() {
  if (stream !== null || !isLost()) return;
  try {
    await start();
  } catch (error) {
    told(error);
    if (error.status !== 401) again();
  }
}

let hiddenTimer = 0;

/** A page that nobody sees watches nothing after a minute, and reads all anew on return. */
export function watchVisibility() {
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (live.connection === "starting") return;
    if (document.hidden) {
      hiddenTimer = setTimeout(stop, HIDDEN_FOR);
    } else if (stream === null && !isLost()) {
      live.connection = "lost";
      reconnect();
    }
  });
}

/** Forget everything: the session has ended. */
export function forget() {
  stop();
  Object.assign(live, { connection: "starting", ...NOTHING, entries: new Map() });
}
