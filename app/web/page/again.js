// What a client sent, asked once more by hand: as a line for a shell, as a prompt, as text to read.

const HELLO = [{ role: "user", content: "Say hello." }];

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * Holds no key: the variable is read where the line is run. What was sent goes along where all of it was
 * kept; without it the line asks the same chain.
 */
export function asCurl({ chain, stream, bodies }, baseUrl) {
  const sent = bodies && !bodies.request_cut && read(bodies.request)?.messages ? bodies.request : null;
  const body = sent ?? JSON.stringify({ model: chain, ...(stream && { stream }), messages: HELLO });
  return [
    `curl ${quoted(`${baseUrl}/chat/completions`)}`,
    '-H "Authorization: Bearer $OPENAI_API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quoted(body)}`,
  ].join(" ");
}

/** What a person said last in a request's body, as far as it is text; nothing of a body that is cut. */
export function lastPrompt(body) {
  const messages = read(body)?.messages ?? [];
  const content = messages.findLast?.((one) => one?.role === "user")?.content;
  if (Array.isArray(content)) return content.map((part) => part?.text ?? "").join("");
  return typeof content === "string" ? content : "";
}

/** JSON with its nesting seen; what is none, or cut, as it is. */
export function pretty(text) {
  const value = read(text);
  return value === null ? text : JSON.stringify(value, null, 2);
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
