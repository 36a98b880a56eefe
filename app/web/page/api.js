// The admin API. Its address is relative, so that the page works under a path prefix.

import { redraw } from "./dom.js";

const sentence = (text) => text && text[0].toUpperCase() + text.slice(1).replace(/\.?$/, ".");

/** What could not be done: a sentence, the next step and the field that is wrong. `status` is 0 where nothing answered. */
export class ApiError extends Error {
  constructor(status, { message, hint = "", field = null }) {
    super(message);
    Object.assign(this, { status, hint, field });
  }

  /** The message and the next step, in one line. */
  get told() {
    return [this.message, this.hint].map(sentence).filter(Boolean).join(" ");
  }
}

/** What an ApiError says; any other error is this page's own and goes on. */
export function told(error) {
  if (!(error instanceof ApiError)) throw error;
  return error.told;
}

let signedOut = () => {};

/** `act` is called whenever an answer says that the session has ended. */
export function whenSignedOut(act) {
  signedOut = act;
}

/** Ask the admin API: JSON in, JSON out, nothing for 204. `version` goes along as If-Match. Throws ApiError. */
export async function call(method, path, body, options) {
  const response = await send(method, path, body, options);
  return response.status === 204 ? null : response.json();
}

export const get = (path) => call("GET", path);

async function send(method, path, body, { version, signal } = {}) {
  const headers = {};
  const writes = method !== "GET" && method !== "DELETE";
  if (writes) headers["content-type"] = "application/json";
  if (version) headers["if-match"] = `"${version}"`;
  let response;
  try {
    response = await fetch(path, { method, headers, body: writes ? JSON.stringify(body ?? {}) : undefined, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { message: "429chain does not answer", hint: "it is asked again by itself" });
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => null);
  if (response.status === 401 && path !== "api/session") signedOut();
  throw new ApiError(response.status, answer?.error ?? { message: `429chain answered ${response.status}` });
}

/** The server-sent events that answer a POST: `{ name, data }`, as they come. */
export async function* streamed(path, body, signal) {
  const response = await send("POST", path, body, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const frames = (held + value).split("\n\n");
    held = frames.pop();
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split("\n").map((line) => line.split(/: ?(.*)/s).slice(0, 2)));
      if (fields.data) yield { name: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

/** Something read: `value` once it is there, `fault` where it can't be had. A newer question outdates an older one. */
export class Reading {
  value = null;
  fault = "";

  async ask(path, done = redraw) {
    this.asked = path;
    try {
      const value = await get(path);
      if (this.asked === path) Object.assign(this, { value, fault: "" });
    } catch (error) {
      if (this.asked === path) this.fault = told(error);
    }
    done();
  }
}

/** A path of the admin API with a name in it. */
export const named = (kind, name, act = "") => `api/${kind}/${encodeURIComponent(name)}${act}`;

/** A query string of what is not empty, with its question mark. */
export function query(parameters) {
  const filled = Object.entries(parameters).filter(([, value]) => value || value === 0);
  return filled.length ? `?${new URLSearchParams(filled)}` : "";
}
