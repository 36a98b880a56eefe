// Providers: the accounts, their keys and how they do.

import { call, get, named, Reading, told } from "./api.js";
import { allGauges, healthFacts, reasonLine, stateOf } from "./chain_view.js";
import { change } from "./changes.js";
import { confirmed } from "./dialog.js";
import { h, isNarrow, redraw } from "./dom.js";
import { clearEntry, switchEntry } from "./entry_actions.js";
import { entryOf, isLost, live, load, now } from "./live.js";
import { action, empty, facts, heading, muted, outward, row, section, sign, table, tick, wordButton } from "./parts.js";
import { AddForm, EditForm, ModelForm } from "./provider_forms.js";
import { checkWords, freeTier, keyWords, standing } from "./provider_words.js";
import { tellError, toast } from "./toast.js";
import { count, duration, grouped, listed, span } from "./words.js";

const COLUMNS = [
  ["id"],
  ["key", "c-key"],
  ["state"],
  ["tried/h", "number c-tried"],
  ["429s", "number c-refused"],
  ["p50", "number"],
];

const state = { presets: [], form: null, checks: new Map(), models: new Map() };

export const providers = {
  title: "Providers",
  enter(route) {
    if (route.query.has("add")) {
      history.replaceState(null, "", "#providers");
      add();
    } else if (state.form && state.form.provider !== route.id) {
      state.form = null;
    }
    if (!state.presets.length) readPresets();
  },
  leave() {
    state.form = null;
  },
  draw(route) {
    const one = live.providers.find((provider) => provider.id === route.id);
    const side = state.form ? state.form.draw() : one && detail(one);
    const back = h("a", { href: "#providers", onclick: closeForm }, "← all providers");
    return h(
      "div.split",
      { class: side && "open" },
      h("div.list", { key: "list" }, list(state.form?.provider === "" ? null : one)),
      side && h("div.side", { key: "side" }, h("p", back), side),
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

function open(form) {
  state.form = form;
  if (isNarrow()) scrollTo(0, 0);
  redraw();
}

async function add() {
  await readPresets();
  open(
    new AddForm(state.presets, closeForm, async (provider) => {
      await saved(provider, `Added ${provider.id}.`);
      location.hash = `providers/${provider.id}`;
      await check(provider);
    }),
  );
}

const onSaved = (provider) => saved(provider, `Saved ${provider.id}. It holds from the next request on.`);

async function saved(provider, said) {
  state.form = null;
  for (const note of provider.notes) toast(note, "low");
  toast(said);
  await load();
}

function list(selected) {
  const all = live.providers;
  const working = all.filter((one) => one.api_key.set && one.reason !== "bad-key").length;
  const rows = all.map((one) => rowOf(one, one === selected));
  return [
    heading("providers", all.length > 0 && `${all.length} · ${working} with a key`),
    all.length
      ? table("providers", COLUMNS, rows, { class: "providers" })
      : empty("No provider yet. 429chain --demo shows everything without an account."),
    h("p.after", action("+ add a provider", add)),
  ];
}

function rowOf(one, open) {
  const { mark, colour, word, wordRole } = standing(one);
  const { health } = one;
  const name = h("a", { href: `#providers/${one.id}`, "aria-current": open ? "true" : null }, one.id);
  const numbers = [grouped(health.attempts), grouped(health.refused), duration(health.p50_ms)];
  const cells = [[sign(mark, colour), " ", name], keyWords(one), h(`span.${wordRole}`, word), ...numbers];
  return row(COLUMNS, cells, { key: one.id, class: open && "open" });
}

function detail(one) {
  const preset = state.presets.find((found) => found.id === one.preset);
  const blocked = one.chains.length > 0 && `${one.id} is used in ${listed(one.chains)}. Remove it there first.`;
  const [role, result] = state.checks.get(one.id) ?? [];
  return h(
    "section.provider-detail",
    { key: one.id },
    heading(one.id, `${one.preset === one.id ? "" : `${one.title} · `}preset ${one.preset}`),
    facts([
      ["base url", one.base_url],
      ["key", keyWords(one)],
      ["get a key", one.key_page && outward(one.key_page, one.key_page.replace(/^https?:\/\//, ""))],
      ["state", reasonLine(one)],
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
    result && h(`p.result.${role}`, { role: "status" }, result),
    h(
      "div.buttons",
      action("Check the key", () => check(one)),
      action("Edit", () => open(new EditForm(one, closeForm, onSaved))),
      action("Clear", () => clearEntry(one.id), { title: "lift cooldowns and learned exhaustion" }),
      action("Models", () => readModels(one.id)),
      action("Remove", () => remove(one), {
        disabled: Boolean(blocked),
        class: "danger",
        "aria-describedby": blocked ? "why-not" : null,
      }),
    ),
    blocked && h("p.muted.small#why-not", blocked),
    [...live.entries.keys()].filter((name) => name.startsWith(`${one.id}/`)).map((name) => entryOfProvider(one, name)),
    models(one, state.models.get(one.id)),
  );
}

function entryOfProvider(one, name) {
  const entry = entryOf(name);
  const model = name.slice(one.id.length + 1);
  return h(
    "section.of-provider",
    { key: name },
    heading(model, stateOf(entry, false)),
    allGauges(entry, false),
    h(
      "div.buttons",
      action("Limits and abilities", () => edit(one, model)),
    ),
  );
}

const edit = (one, model) => open(new ModelForm(one, model, closeForm, onSaved));

function readModels(id) {
  const reading = new Reading();
  state.models.set(id, reading);
  reading.ask(named("providers", id, "/models"));
  redraw();
}

function models(one, reading) {
  if (!reading) return null;
  if (!reading.value)
    return h("p", { class: reading.fault ? "fault" : "muted" }, reading.fault || `asking ${one.id} …`);
  const { items, fetched_at: at } = reading.value;
  const note = `${grouped(items.length)} · read ${span(now() - Date.parse(at))} ago`;
  return section(
    "models",
    note,
    h(
      "ul.plain.listed",
      items.map((model) => modelRow(one, model)),
    ),
  );
}

function modelRow(one, { id, free, context_window: window, tools, vision, entry_in: chains }) {
  const abilities = [free && "free", window && count(window), tools && "tools", vision && "vision"];
  const where = chains.length > 0 && `in ${chains.join(", ")}`;
  const turn = (on) => switchEntry(`${one.id}/${id}`, on);
  const props = { disabled: isLost(), "aria-label": `${id} switched on` };
  return h(
    "li",
    { key: id },
    tick(h("span.id", id), one.models[id]?.enabled ?? true, turn, props),
    muted([...abilities, where].filter(Boolean).join(" · ")),
    wordButton("edit", () => edit(one, id), { "aria-label": `edit ${id}` }),
  );
}

async function check({ id, needs_key: needsKey }) {
  const started = performance.now();
  const say = (...words) => {
    state.checks.set(id, words);
    redraw();
  };
  say("muted", `◔ asking ${id} …`);
  try {
    const found = await call("POST", named("providers", id, "/check"));
    say(...checkWords(found, needsKey, performance.now() - started));
  } catch (error) {
    say("out", `× ${told(error)}`);
  }
  await load().catch(tellError);
}

async function remove(one) {
  const lines = ["Its key and limits leave config.toml. No chain uses it.", "Requests in flight on it end normally."];
  if (!(await confirmed(`delete provider ${one.id}?`, lines, `Delete ${one.id}`))) return;
  const said = `Deleted provider ${one.id}.`;
  if (await change("DELETE", named("providers", one.id), undefined, "removal", said, one.version))
    location.hash = "providers";
}
