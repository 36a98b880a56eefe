// The test prompt: where it is typed, and how it is sent.

import { call, streamed, told } from "./api.js";
import { h, redraw } from "./dom.js";
import { isLost, live, now } from "./live.js";
import { choice, empty, muted, section, tick, wordButton } from "./parts.js";
import { answer, trail } from "./prompt_run.js";
import { tellError } from "./toast.js";

const EARLIER = 10;
const REPAINT = 100;

const test = { to: "", text: "", stream: true, run: null, earlier: [] };

export const promptView = {
  title: "Test",
  enter({ query }) {
    if (query.has("to")) test.to = `entry ${query.get("to")}`;
    if (query.has("chain")) test.to = `chain ${query.get("chain")}`;
    if (query.size) history.replaceState(null, "", "#test");
  },
  find() {
    document.getElementById("prompt")?.focus();
    return true;
  },
  draw: () => [
    form(),
    test.run
      ? h("div.columns.answering", { key: "result" }, trail(test.run), answer(test.run))
      : empty("Type a question. It goes the way of every request: skipped, tried, served."),
    test.earlier.length > 0 && !isRunning() && earlier(),
  ],
};

/** Put a prompt where it can be sent from. */
export function prepare(text) {
  test.text = text;
  redraw();
}

const isRunning = () => test.run !== null && !test.run.ended;

const isReady = () => Boolean(test.text.trim() && test.to) && !isRunning() && !isLost();

/** Chains, then entries: `[value, word]`. What was chosen stays, though the config may have lost it. */
function targets() {
  const chosen = test.to.startsWith("entry ") ? [test.to.slice(6)] : [];
  const entries = [...new Set([...live.entries.keys(), ...chosen])];
  const found = [
    ...live.chains.map(({ name }) => [`chain ${name}`, `chain ${name}`]),
    ...entries.map((name) => [`entry ${name}`, name]),
  ];
  const called = (to) => found.find(([value]) => value === to)?.[0];
  test.to = called(test.to) ?? called(`chain ${live.status.default_chain}`) ?? found[0]?.[0] ?? "";
  return found;
}

function form() {
  const options = targets();
  const submit = (event) => {
    event.preventDefault();
    send();
  };
  const pressed = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing && submit(event);
  const stop = { key: "stop", type: "button", onclick: () => test.run.abort.abort() };
  return h(
    "form.form.prompt",
    { key: "form", onsubmit: submit },
    h("label", { for: "prompt" }, "prompt"),
    h("textarea#prompt", {
      rows: 3,
      value: test.text,
      maxlength: 1_000_000,
      oninput: (event) => prepare(event.target.value),
      onkeydown: pressed,
    }),
    h("p.muted.small.hint", "enter sends, shift+enter breaks the line"),
    h(
      "div.buttons",
      isRunning()
        ? h("button.button.main", stop, "Stop")
        : h("button.button.main", { key: "send", disabled: !isReady() }, "Send"),
      h(
        "label.inline",
        "to ",
        choice(test.to, options, (to) => (test.to = to)),
      ),
      tick("stream", test.stream, (on) => (test.stream = on)),
    ),
  );
}

async function send() {
  if (!isReady()) return;
  const [kind, name] = [test.to.slice(0, 5), test.to.slice(6)];
  const entries = kind === "chain" ? (live.chains.find((one) => one.name === name)?.entries ?? []) : [name];
  const run = {
    name,
    startedAt: performance.now(),
    abort: new AbortController(),
    ended: false,
    steps: new Map(entries.map((entry) => [entry, null])),
    tryingAt: 0,
    content: "",
    reasoning: "",
    firstAt: null,
    done: null,
    fault: "",
  };
  const { text } = test;
  test.run = run;
  redraw();
  const ticking = setInterval(redraw, REPAINT);
  try {
    await ask(run, { [kind]: name, prompt: text, stream: test.stream });
  } catch (error) {
    // A body that breaks off is a TypeError to the browser.
    if (error.name === "AbortError") run.fault = "Stopped.";
    else run.fault = error instanceof TypeError ? "The connection to 429chain broke." : told(error);
    if (error.status === 401) tellError(error);
  } finally {
    clearInterval(ticking);
    run.ended = true;
    run.took = performance.now() - run.startedAt;
    test.earlier = [{ at: now(), text, entry: run.done?.entry ?? "nobody" }, ...test.earlier].slice(0, EARLIER);
    redraw();
  }
}

async function ask(run, body) {
  const { signal } = run.abort;
  if (!body.stream) return finish(run, await call("POST", "api/test", body, { signal }));
  for await (const { name, data } of streamed("api/test", body, signal)) {
    if (name === "step") {
      if (data.outcome === "trying") run.tryingAt = performance.now();
      run.steps.set(data.entry, data);
    } else if (name === "text") {
      run.firstAt ??= performance.now();
      run.content += data.content;
      run.reasoning += data.reasoning;
    } else if (name === "done") {
      finish(run, data);
    }
    redraw();
  }
}

function finish(run, done) {
  Object.assign(run, { done, content: done.content, reasoning: done.reasoning });
  for (const step of done.trail) run.steps.set(step.entry, step);
}

const earlier = () =>
  section(
    "earlier tests",
    "of this page",
    h(
      "ul.changes",
      test.earlier.map((one) =>
        h(
          "li",
          { key: one.at },
          wordButton(one.text, () => prepare(one.text), { class: "cut" }),
          muted(one.entry),
        ),
      ),
    ),
  );
