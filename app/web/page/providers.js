// Providers: the accounts, their keys and how they do.

import { call, get, named } from "./api.js";
import { confirmed } from "./dialog.js";
import { h } from "./dom.js";
import { isNarrow, redraw } from "./draw.js";
import { clearEntry, switchEntry, told } from "./entry_actions.js";
import { role, stateRole, stateWord } from "./entry.js";
import { allGauges, healthFacts } from "./chain_view.js";
import { entryOf, isLost, live, load, now } from "./live.js";
import { button, empty, facts, heading, sign } from "./parts.js";
import { freeTier, keyLink, keyWords, standing } from "./provider_words.js";
import { ModelForm } from "./model_form.js";
import { AddForm, EditForm } from "./provider_forms.js";
import { tellError, toast } from "./toast.js";
import { count, duration, grouped, inWords, moments, span } from "./words.js";

const state = { presets: [], form: null, checks: new Map(), models: new Map() };

export const providers = {
  title: "Providers",
  async enter(route) {
    if (route.query.has("add")) {
      history.replaceState(null, "", "#providers");
      await add();
    } else if (state.form && state.form.provider !== route.id) {
      state.form = null;
    }
    if (!state.presets.length) await readPresets();
  },
  leave() {
    state.form = null;
  },
  draw(route) {
    const one = live.providers.find((provider) => provider.id === route.id) ?? null;
    const side = state.form ? state.form.draw() : one && detail(one);
    return h(
      "div",
      { class: side ? "split open" : "split" },
      h("div.list", { key: "list" }, list(state.form?.provider === "" ? null : one)),
      side &&
        h(
          "div.side",
          { key: "side" },
          h("p", h("a", { href: "#providers", onclick: closeForm }, "← all providers")),
          side,
        ),
    );
  },
};

async function readPresets() {
  try {
    state.presets = (await get("api/presets")).items;
  } catch (error) {
    tellError(error);
  }
  redraw();
}

function closeForm() {
  state.form = null;
  redraw();
}

async function add() {
  await readPresets();
  open(
    new AddForm(state.presets, closeForm, async (provider) => {
      state.form = null;
      await load();
      location.hash = `providers/${provider.id}`;
      for (const note of provider.notes) toast(note, "low");
      await check(provider.id);
    }),
  );
}

function list(selected) {
  const all = live.providers;
  const working = all.filter((one) => one.api_key.set && one.reason !== "bad-key").length;
  return [
    heading("providers", all.length ? `${all.length} · ${working} with a key` : ""),
    all.length
      ? h(
          "table",
          { role: "table", class: "providers", "aria-label": "providers" },
          h(
            "thead",
            { role: "rowgroup" },
            h(
              "tr",
              { role: "row" },
              [
                ["id", ""],
                ["key", "c-key"],
                ["state", ""],
                ["tried/h", "number c-tried"],
                ["429s", "number c-refused"],
                ["p50", "number"],
              ].map(([word, kind]) => h("th", { key: word, class: kind, scope: "col", role: "columnheader" }, word)),
            ),
          ),
          h(
            "tbody",
            { role: "rowgroup" },
            all.map((one) => row(one, one === selected)),
          ),
        )
      : empty("No provider yet. 429chain --demo shows everything without an account."),
    h("p.after", button("+ add a provider", add, { disabled: isLost() })),
  ];
}

function row(one, open) {
  const { mark, role: colour, word, wordRole } = standing(one);
  const { health } = one;
  return h(
    "tr",
    {
      key: one.id,
      role: "row",
      class: open ? "open" : null,
      onclick: (event) => event.target.closest("a") || event.currentTarget.querySelector("a").click(),
    },
    h(
      "td",
      { role: "cell" },
      sign(mark, colour),
      " ",
      h("a", { href: `#providers/${one.id}`, "aria-current": open ? "true" : null }, one.id),
    ),
    h("td", { role: "cell", class: "c-key" }, keyWords(one)),
    h("td", { role: "cell", class: wordRole }, word),
    h("td", { role: "cell", class: "number c-tried" }, grouped(health.attempts)),
    h("td", { role: "cell", class: "number c-refused" }, grouped(health.refused)),
    h("td", { role: "cell", class: "number" }, duration(health.p50_ms)),
  );
}

function detail(one) {
  const preset = state.presets.find((found) => found.id === one.preset);
  const blocked = one.chains.length ? `${one.id} is used in ${one.chains.join(" and ")}. Remove it there first.` : "";
  const lost = isLost();
  const result = state.checks.get(one.id);
  return h(
    "section",
    { key: one.id, class: "provider-detail" },
    heading(one.id, one.preset === one.id ? `preset ${one.preset}` : `${one.title} · preset ${one.preset}`),
    facts([
      ["base url", one.base_url],
      ["key", keyWords(one)],
      ["get a key", one.key_page && keyLink(one.key_page)],
      [
        "state",
        one.reason
          ? `${one.state}: ${inWords(one.reason)}${one.until ? `, back ${moments(one.until, now())}` : ""}`
          : one.state,
      ],
      ["used in", one.chains.join(", ") || "no chain"],
      [
        "limits",
        Object.entries(one.limits)
          .map(([name, size]) => `${grouped(size)} ${name}`)
          .join(", "),
      ],
      ["headers", Object.keys(one.headers).join(", ")],
      ["free tier", preset && freeTier(preset)],
      ...healthFacts(one.health),
    ]),
    result && h("p", { class: `result ${result.role}`, role: "status" }, result.text),
    h(
      "div.buttons",
      button("Check the key", () => check(one.id), { disabled: lost }),
      button("Edit", () => edit(one), { disabled: lost }),
      button("Clear", () => clearEntry(one.id), { disabled: lost, title: "lift cooldowns and learned exhaustion" }),
      button("Models", () => readModels(one.id), { disabled: lost }),
      button("Remove", () => remove(one), {
        disabled: lost || Boolean(blocked),
        kind: "danger",
        "aria-describedby": blocked ? "why-not" : null,
      }),
    ),
    blocked && h("p", { id: "why-not", class: "muted small" }, blocked),
    entriesOf(one),
    modelList(one),
  );
}

function entriesOf(one) {
  const names = [...live.entries.keys()].filter((name) => name.startsWith(`${one.id}/`));
  return names.map((name) => {
    const entry = entryOf(name);
    return h(
      "section",
      { key: name, class: "of-provider" },
      heading(name.slice(one.id.length + 1), h("span", { class: stateRole(entry, false) }, stateWord(entry))),
      allGauges(entry, false),
      h(
        "div.buttons",
        button("Limits and abilities", () => editModel(one, name.slice(one.id.length + 1)), { disabled: isLost() }),
      ),
    );
  });
}

function modelList(one) {
  const known = state.models.get(one.id);
  if (!known) return null;
  if (known.fault || !known.items)
    return h("p", { class: known.fault ? "fault" : "muted" }, known.fault ?? `asking ${one.id} …`);
  return h(
    "section",
    { key: "models", class: "models" },
    heading("models", `${grouped(known.items.length)} · read ${span(now() - Date.parse(known.fetched_at))} ago`),
    h(
      "ul.plain.listed",
      known.items.map((model) => {
        const on = one.models[model.id]?.enabled ?? true;
        return h(
          "li",
          { key: model.id },
          h(
            "label.check",
            h("input", {
              type: "checkbox",
              checked: on,
              disabled: isLost(),
              "aria-label": `${model.id} switched on`,
              onchange: (event) => switchEntry(`${one.id}/${model.id}`, event.target.checked),
            }),
            h("span.id", model.id),
          ),
          h("span.muted", abilities(model)),
          h("button.link", { "aria-label": `edit ${model.id}`, onclick: () => editModel(one, model.id) }, "edit"),
        );
      }),
    ),
  );
}

function abilities({ free, context_window: window, tools, vision, entry_in: chains }) {
  return [
    free && "free",
    window && count(window),
    tools && "tools",
    vision && "vision",
    chains.length && `in ${chains.join(", ")}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

async function readModels(id) {
  state.models.set(id, {});
  redraw();
  try {
    state.models.set(id, await get(named("providers", id, "/models")));
  } catch (error) {
    if (error.status === undefined) throw error;
    state.models.set(id, { fault: error.told });
  }
  redraw();
}

async function check(id) {
  const started = performance.now();
  state.checks.set(id, { role: "muted", text: `◔ asking ${id} …` });
  redraw();
  try {
    const found = await call("POST", named("providers", id, "/check"));
    const took = duration(performance.now() - started);
    const text = found.ok
      ? `● the key works · ${found.models === null ? "" : `${grouped(found.models)} models · `}${took}`
      : `× ${found.detail}`;
    const missing = found.missing.length ? ` · not in its list: ${found.missing.join(", ")}` : "";
    state.checks.set(id, { role: found.ok ? (missing ? "low" : "flow") : "out", text: text + missing });
  } catch (error) {
    if (error.status === undefined) throw error;
    state.checks.set(id, { role: "out", text: `× ${error.told}` });
  }
  await load().catch(tellError);
  redraw();
}

const edit = (one) => open(new EditForm(one, closeForm, (provider) => saved(one, provider)));

const editModel = (one, model) => open(new ModelForm(one, model, closeForm, (provider) => saved(one, provider)));

function open(form) {
  state.form = form;
  if (isNarrow()) scrollTo(0, 0);
  redraw();
}

async function saved(before, provider) {
  state.form = null;
  for (const note of provider.notes) toast(note, "low");
  toast(`Saved ${before.id}. It holds from the next request on.`);
  await load();
}

async function remove(one) {
  const lines = ["Its key and limits leave config.toml. No chain uses it.", "Requests in flight on it end normally."];
  if (!(await confirmed(`delete provider ${one.id}?`, lines, `Delete ${one.id}`))) return;
  try {
    await call("DELETE", named("providers", one.id), undefined, { version: one.version });
    await load();
    location.hash = "providers";
    toast(`Deleted provider ${one.id}.`);
  } catch (error) {
    await told(error, "removal");
  }
}
