// A test prompt on its way: the trail as it happens, beside it the answer as it arrives.

import { fallRow, placeOf, pool } from "./chain_view.js";
import { h } from "./dom.js";
import { outcomeInWords, trailMark } from "./entry.js";
import { entryOf, now } from "./live.js";
import { entryName, heading, ledge, link, sign } from "./parts.js";
import { count, duration, grouped, moments } from "./words.js";

// Seconds: of a shorter stream a rate says nothing.
const LEAST_FLOW = 0.05;

/** The trail so far, as a chain's waterfall. */
export function trail(run) {
  const { done } = run;
  const took = done?.duration_ms ?? run.took ?? performance.now() - run.startedAt;
  const steps = [...run.steps];
  const landing = steps.findIndex(([, step]) => step?.outcome === "ok");
  const landed = landing >= 0 && (run.content || run.reasoning || done);
  const nobody = done && landing < 0;
  const place = (step, index) => {
    if (landed) return placeOf(index, landing);
    return !step || step.outcome === "not-tried" ? "dry" : "passed";
  };
  return h(
    "section.trail-of-test",
    { key: "trail" },
    heading("trail", duration(took)),
    heading(run.name, "", { lead: ledge(nobody) }),
    h(
      "ol.fall",
      steps.map(([name, step], index) => stepRow(run, name, step, place(step, index))),
      nobody && pool("–", "out", `nobody served: ${done.status}`),
    ),
    done &&
      h(
        "p.muted.small.after",
        `${done.estimated ? "~" : ""}${grouped(done.tokens_in)} in · ${grouped(done.tokens_out)} out · `,
        link(`#requests/${encodeURIComponent(done.id)}`, done.id),
      ),
  );
}

function stepRow(run, name, step, place) {
  const outcome = step?.outcome ?? "not-tried";
  const [mark, role] = trailMark(outcome) ?? [entryOf(name).state === "off" ? "–" : "", "muted"];
  return fallRow(
    name,
    place,
    { class: outcome !== "ok" && "spent" },
    sign(mark, role),
    entryName(name),
    h(`span.words.${role}`, words(run, step, outcome)),
    step?.detail && h("p.words.muted.told", step.detail),
  );
}

function words(run, step, outcome) {
  if (outcome === "not-tried") return "";
  if (outcome === "trying") return `asking ${((performance.now() - run.tryingAt) / 1000).toFixed(1)}s`;
  if (outcome === "ok") {
    const first = run.done?.first_token_ms ?? (run.firstAt && run.firstAt - run.startedAt);
    return first === null ? "serves" : `first token ${duration(first)}`;
  }
  const back = step.retry_at && Date.parse(step.retry_at) > now() ? `, back ${moments(step.retry_at, now())}` : "";
  return outcomeInWords(outcome) + back;
}

/** The answer so far, how fast it came, and what broke it. */
export function answer(run) {
  const { done, ended } = run;
  const end = ended ? run.startedAt + run.took : performance.now();
  const flowed = run.firstAt === null ? 0 : (end - run.firstAt) / 1000;
  const rate = done && flowed > LEAST_FLOW ? ` · ${Math.round(done.tokens_out / flowed)} tok/s` : "";
  const cut = done?.outcome === "interrupted";
  const error = run.fault || done?.error;
  return h(
    "section.answer",
    { key: "answer" },
    heading("answer", done && `${count(done.tokens_out)} tokens${rate}`),
    run.reasoning && h("details", { open: !ended }, h("summary.muted", "reasoning"), h("p.muted.said", run.reasoning)),
    h(
      "div.said",
      { "aria-live": "off", tabindex: 0, role: "group", "aria-label": "answer" },
      run.content,
      !ended && h("span.flow", { "aria-hidden": "true" }, "▌"),
    ),
    error && h("p", { class: cut ? "low" : "fault", role: "alert" }, cut && "cut off: ", error),
  );
}
