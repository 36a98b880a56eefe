// The admin API. Its address is relative, so that the page works under a path prefix.

/** What could not be done: a title, a sentence, the next step and the field that is wrong. */
export class ApiError extends Error {
  constructor(status, { title, message, hint, field }) {
    super(message);
    this.status = status;
    this.title = title;
    this.hint = hint;
    this.field = field;
  }

  /** The message and the next step, in one line. */
  get told() {
    const message = this.message.replace(/\.?$/, ".");
    return this.hint ? `${message} ${this.hint[0].toUpperCase()}${this.hint.slice(1).replace(/\.?$/, ".")}` : message;
  }
}

const SILENT = {
  title: "No answer",
  message: "429chain does not answer.",
  hint: "it is asked again by itself",
  field: null,
};
const signedOut = new Set();

/** `act` is called whenever an answer says that the session has ended. */
export function whenSignedOut(act) {
  signedOut.add(act);
}

/**
 * Ask the admin API: JSON in, JSON out, nothing for 204. `version` goes along as If-Match.
 * Throws ApiError; its status is 0 where nothing answered.
 */
export async function call(method, path, body, { version, signal } = {}) {
  const response = await send(method, path, body, { version, signal });
  return response.status === 204 ? null : response.json();
}

async function send(method, path, body, { version, signal } = {}) {
  const headers = {};
  if (method !== "GET" && method !== "DELETE") headers["content-type"] = "application/json";
  if (version) headers["if-match"] = `"${version}"`;
  let response;
  try {
    const sent = method === "GET" || method === "DELETE" ? undefined : JSON.stringify(body ?? {});
    response = await fetch(path, { method, headers, body: sent, signal, credentials: "same-origin" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, SILENT);
  }
  if (response.ok) return response;
  const told = await response.json().catch(() => null);
  if (response.status === 401 && path !== "api/session") signedOut.forEach((act) => act());
  throw new ApiError(
    response.status,
    told?.error ?? { ...SILENT, message: `429chain answered ${response.status}.`, hint: "" },
  );
}

export const get = (path, options) => call("GET", path, undefined, options);

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

/** A path of the admin API with a name in it. */
export const named = (kind, name, act = "") => `api/${kind}/${encodeURIComponent(name)}${act}`;

/** A query string of what is not empty, with its question mark. */
export function query(parameters) {
  const filled = Object.entries(parameters).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined,
  );
  return filled.length ? `?${new URLSearchParams(filled)}` : "";
}
