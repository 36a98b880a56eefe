// Numbers, times and reasons in a person's words: the same as in the terminal and in `429chain status`.

export const MISSING = "–";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const REASONS = {
  "bad-key": "key refused",
  concurrent: "all its parallel slots are taken",
  disabled: "switched off",
  "no-allowance": "not in the free tier",
  "no-credit": "out of credit",
  "no-key": "no key",
  "no-model": "model gone",
  "no-tools": "takes no tools",
  "no-vision": "takes no images",
  "too-long": "prompt too long for it",
};

/** A reason that is no limit's own name. */
export const inWords = (reason) => REASONS[reason] ?? reason;

/** Plain under 10,000, then `41K`, `1.94M`: rounded down, so that nothing looks fuller than it is. */
export function count(number) {
  if (number < 10_000) return String(Math.max(0, Math.floor(number)));
  if (number < 1_000_000) return `${Math.floor(number / 1000)}K`;
  const [unit, letter] = number < 1e9 ? [1e6, "M"] : [1e9, "G"];
  return `${Number((Math.floor((number * 100) / unit) / 100).toFixed(2))}${letter}`;
}

/** `12,408`. */
export const grouped = (number) => Math.floor(number).toLocaleString("en-US");

/** `$4.72` from a dollar on, `$0.0312` below. */
export function dollars(amount) {
  if (amount === null || amount === undefined) return MISSING;
  if (amount > 0 && amount < 1) return `$${amount.toFixed(4)}`;
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** `38%`, `<1%`. */
export function share(part) {
  if (part === null || part === undefined) return MISSING;
  return part > 0 && part < 0.01 ? "<1%" : `${Math.round(part * 100)}%`;
}

/** `0.18s`, `14.2s`, `2m 14s`. */
export function duration(milliseconds) {
  if (milliseconds === null || milliseconds === undefined) return MISSING;
  const seconds = milliseconds / 1000;
  if (seconds < 9.995) return `${seconds.toFixed(2)}s`;
  if (seconds < 99.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
}

/** In sentences: `42s`, `26 min`, `9h 55m`, `3 days`. */
export function span(milliseconds) {
  const whole = Math.max(0, Math.round(milliseconds / 1000));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 2 * 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)} days`;
}

/** When something happens: `42s`, then the clock's `14:31`, `Tue 08:00`, `1 Dec`. */
export function moment(iso, now) {
  const at = new Date(iso);
  const left = at - now;
  if (left < MINUTE) return `${Math.max(0, Math.round(left / 1000))}s`;
  if (at.toDateString() === new Date(now).toDateString()) return clock(at);
  if (left < 7 * DAY) return `${at.toLocaleDateString("en-US", { weekday: "short" })} ${clock(at)}`;
  return `${at.getDate()} ${at.toLocaleDateString("en-US", { month: "short" })}`;
}

/** `back 14:31` in a sentence: `in 42s`, `at 14:31`. */
export function moments(iso, now) {
  const word = moment(iso, now);
  return word.endsWith("s") ? `in ${word}` : `at ${word}`;
}

/** `14:31`. */
export const clock = (at) => `${two(at.getHours())}:${two(at.getMinutes())}`;

/** `14:31:07`. */
export const seconds = (at) => `${clock(at)}:${two(at.getSeconds())}`;

const two = (number) => String(number).padStart(2, "0");

/** `rpm`, `tpd`, ...; `conc` for parallel requests. */
export function limitWord({ dimension, window }) {
  if (window === null) return "conc";
  return `${dimension[0]}p${{ minute: "m", hour: "h", day: "d", month: "mo" }[window]}`;
}

/** What was done and by how many: `1 request`, `12 requests`. */
export const many = (number, noun) => `${grouped(number)} ${noun}${number === 1 ? "" : "s"}`;

/** `groq, zai and lab`. */
export const listed = (words) => new Intl.ListFormat("en-GB").format(words);
