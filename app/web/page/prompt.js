// The test prompt: the answer as it arrives, beside it the way that the request takes.

import { call, streamed } from "./api.js";
import { entryOf, isLost, live, now } from "./live.js";
import { placeOf } from "./chain_view.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { outcomeInWords, trailMark } from "./entry.js";
import { entryName, heading, ledge, rail, sign } from "./parts.js";
import { tellError } from "./toast.js";
import { count, duration, grouped, moments } from "./words.js";

const EARLIER = 10;

const test = { to: "", text: "", stream: true, run: null, earlier: [] };

export const promptView = {
  title: "Test",
  enter(route) {
    if (route.query.has("to")) {
      test.to = `entry ${route.query.get("to")}`;
      history.replaceState(null, "", "#test");
    }
  },
  find() {
    document.getElementById("prompt")?.focus();
    return true;
  },
  draw() {
    return [
      form(),
      test.run
        ? h("div", { key: "result", class: "columns answering" }, trail(test.run), answer(test.run))
        : h(
            "p",
            { key: "none", class: "empty" },
            "Type a question. It goes the way of every request: skipped, tried, served.",
          ),
      earlier(),
    ];
  },
};

function form() {
  const chains = live.chains.map((chain) => [`chain ${chain.name}`, `chain ${chain.name}`]);
  const entries = [...new Set([...live.entries.keys(), test.to.startsWith("entry ") ? test.to.slice(6) : ""])]
    .filter(Boolean)
    .map((name) => [`entry ${name}`, name]);
  const targets = [...chains, ...entries];
  const preset = `chain ${live.status.default_chain}`;
  if (!targets.some(([value]) => value === test.to))
    test.to = targets.find(([value]) => value === preset)?.[0] ?? targets[0]?.[0] ?? "";
  const running = test.run && !test.run.ended;
  return h(
    "form",
    {
      key: "form",
      class: "form prompt",
      onsubmit: (event) => {
        event.preventDefault();
        send();
      },
    },
    h("label", { for: "prompt" }, "prompt"),
    h("textarea", {
      id: "prompt",
      rows: 3,
      value: test.text,
      maxlength: 1_000_000,
      oninput: (event) => {
        test.text = event.target.value;
        redraw();
      },
      onkeydown: (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        send();
      },
    }),
    h("p.muted.small.hint", "enter sends, shift+enter breaks the line"),
    h(
      "div.buttons",
      running
        ? h(
            "button",
            { key: "stop", class: "button main", type: "button", onclick: () => test.run.abort.abort() },
            "Stop",
          )
        : h(
            "button",
            { key: "send", class: "button main", disabled: !test.text.trim() || !test.to || isLost() },
            "Send",
          ),
      h(
        "label.inline",
        "to ",
        h(
          "select",
          {
            id: "send-to",
            value: test.to,
            onchange: (event) => {
              test.to = event.target.value;
            },
          },
          targets.map(([value, word]) => h("option", { key: value, value }, word)),
        ),
      ),
      h(
        "label.check",
        h("input", {
          type: "checkbox",
          checked: test.stream,
          onchange: (event) => {
            test.stream = event.target.checked;
          },
        }),
        "stream",
      ),
    ),
  );
}

async function send() {
  const running = test.run && !test.run.ended;
  if (running || !test.text.trim() || !test.to || isLost()) return;
  const [kind, name] = [test.to.slice(0, 5), test.to.slice(6)];
  const chain = live.chains.find((one) => one.name === name);
  const run = {
    name,
    text: test.text,
    startedAt: performance.now(),
    abort: new AbortController(),
    ended: false,
    steps: new Map((kind === "chain" ? (chain?.entries ?? []) : [name]).map((entry) => [entry, null])),
    tryingAt: 0,
    content: "",
    reasoning: "",
    firstAt: null,
    done: null,
    fault: "",
  };
  test.run = run;
  redraw();
  const ticking = setInterval(redraw, 100);
  try {
    await ask(run, { [kind]: name, prompt: test.text, stream: test.stream });
  } catch (error) {
    if (error.name === "AbortError") run.fault = "Stopped.";
    else if (error.status === undefined && !(error instanceof TypeError)) throw error;
    else run.fault = error.told ?? "The connection to 429chain broke.";
    if (error.status === 401) tellError(error);
  } finally {
    clearInterval(ticking);
    run.ended = true;
    run.took = performance.now() - run.startedAt;
    test.earlier = [{ at: now(), text: run.text, entry: run.done?.entry ?? null }, ...test.earlier].slice(0, EARLIER);
    redraw();
  }
}

async function ask(run, body) {
  if (!body.stream) {
    finish(run, await call("POST", "api/test", body, { signal: run.abort.signal }));
    return;
  }
  for await (const { name, data } of streamed("api/test", body, run.abort.signal)) {
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

function finish(run, answered) {
  run.done = answered;
  run.content = answered.content;
  run.reasoning = answered.reasoning;
  for (const step of answered.trail) run.steps.set(step.entry, step);
}

function trail(run) {
  const took = run.done?.duration_ms ?? run.took ?? performance.now() - run.startedAt;
  const steps = [...run.steps];
  const landing = steps.findIndex(([, step]) => step?.outcome === "ok");
  const started = run.content || run.reasoning || run.done;
  const { done } = run;
  return h(
    "section",
    { key: "trail", class: "trail-of-test" },
    heading("trail", duration(took), {}),
    heading(run.name, "", { lead: ledge(Boolean(done && landing < 0)) }),
    h(
      "ol.fall",
      steps.map(([name, step], index) => stepRow(run, name, step, place(step, index, landing, started))),
      done &&
        landing < 0 &&
        h(
          "li",
          { key: "pool", class: "entry pool" },
          rail(),
          sign("–", "out"),
          h("span.words.out", `nobody served: ${done.status}`),
        ),
    ),
    done &&
      h(
        "p.muted",
        `${done.estimated ? "~" : ""}${grouped(done.tokens_in)} in · ${grouped(done.tokens_out)} out · `,
        h("a", { href: `#requests/${encodeURIComponent(done.id)}` }, done.id),
      ),
  );
}

function place(step, index, landing, started) {
  if (landing >= 0 && started) return placeOf(index, landing);
  return !step || step.outcome === "not-tried" ? "dry" : "passed";
}

function stepRow(run, name, step, where) {
  const outcome = step?.outcome ?? "not-tried";
  const [mark, role] =
    outcome === "not-tried" ? [entryOf(name).state === "off" ? "–" : "", "muted"] : trailMark(outcome);
  const words =
    {
      trying: () => `asking ${((performance.now() - run.tryingAt) / 1000).toFixed(1)}s`,
      ok: () => okWords(run),
      "not-tried": () => "",
    }[outcome] ??
    (() =>
      `${outcomeInWords(outcome)}${step.retry_at && Date.parse(step.retry_at) > now() ? `, back ${moments(step.retry_at, now())}` : ""}`);
  return h(
    "li",
    { key: name, class: `entry ${where} ${outcome === "ok" ? "" : "spent"}` },
    rail(),
    sign(mark, role),
    entryName(name),
    h("span", { class: `words ${role}` }, words()),
    step?.detail && h("p.words.muted.told", step.detail),
  );
}

function okWords(run) {
  const first = run.done?.first_token_ms ?? (run.firstAt === null ? null : run.firstAt - run.startedAt);
  return first === null ? "serves" : `first token ${duration(first)}`;
}

function answer(run) {
  const { done } = run;
  const seconds =
    run.firstAt === null ? 0 : ((run.ended ? run.startedAt + run.took : performance.now()) - run.firstAt) / 1000;
  const rate = done && seconds > 0.05 ? ` · ${Math.round(done.tokens_out / seconds)} tok/s` : "";
  const error = run.fault || (done?.error ?? "");
  return h(
    "section",
    { key: "answer", class: "answer" },
    heading("answer", done ? `${count(done.tokens_out)} tokens${rate}` : ""),
    run.reasoning &&
      h("details", { open: !run.ended }, h("summary.muted", "reasoning"), h("p.muted.said", run.reasoning)),
    h(
      "div.said",
      { "aria-live": "off", tabindex: 0, role: "group", "aria-label": "answer" },
      run.content,
      !run.ended && h("span.flow", { "aria-hidden": "true" }, "▌"),
    ),
    error &&
      h(
        "p",
        { class: done?.outcome === "interrupted" ? "low" : "fault", role: "alert" },
        done?.outcome === "interrupted" ? `cut off: ${error}` : error,
      ),
  );
}

function earlier() {
  if (!test.earlier.length || (test.run && !test.run.ended)) return null;
  return h(
    "section",
    { key: "earlier" },
    heading("earlier tests", "of this page"),
    h(
      "ul.changes",
      test.earlier.map((one) =>
        h(
          "li",
          { key: one.at },
          h(
            "button.link.cut",
            {
              onclick: () => {
                test.text = one.text;
                redraw();
              },
            },
            one.text,
          ),
          h("span.muted", ` ${one.entry ?? "nobody"}`),
        ),
      ),
    ),
  );
}
