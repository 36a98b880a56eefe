// The forms in which a provider or a model is added and changed. A stored key never comes here.

import { call, named } from "./api.js";
import { h, redraw } from "./dom.js";
import { Form } from "./form.js";
import { live } from "./live.js";
import { button, outward, textInput, wordButton } from "./parts.js";
import { freeTier, keyEnd, keySource } from "./provider_words.js";

const LIMITS = ["rpm", "rph", "rpd", "rpmo", "tpm", "tph", "tpd", "tpmo", "concurrent"];
const TIMEOUTS = ["connect", "first_token", "plain", "idle", "total"];
const UNKNOWN_YES_NO = [
  ["", "unknown"],
  ["true", "yes"],
  ["false", "no"],
];

const onOff = (off) => [
  ["true", "on"],
  ["false", `off: ${off}`],
];

/** Texts of a table by their dotted names: `limits.rpm`. */
const prefixed = (prefix, values, text = String) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, text(value)]));

/** What the API wants: of what is counted a number, of what is so or not a truth, else the text for it to judge. */
const read = (name, text) => {
  if (["enabled", "tools", "vision"].includes(name)) return text === "true";
  return /^\d+$/.test(text) && !/^(timeouts|headers|base_url|api_key)/.test(name) ? Number(text) : text;
};

const limitsOf = (form) =>
  form.group(
    "limits",
    LIMITS.map((name) => [`limits.${name}`, name, { inputmode: "numeric" }]),
  );

/** A form for one provider; `close` leaves it, `done(provider)` is called with what was saved. */
class ProviderForm {
  constructor(provider, close, done) {
    Object.assign(this, { provider: provider?.id ?? "", one: provider, close, done, send: this.send.bind(this) });
  }

  /** Send an edit, unless there is nothing to it. */
  async patch(edit, whole = edit) {
    if (!Object.keys(edit).length) return this.close();
    return this.done(await call("PATCH", named("providers", this.provider), whole, { version: this.form.version }));
  }
}

/** Adds a provider from a preset. */
export class AddForm extends ProviderForm {
  constructor(presets, close, done) {
    super(null, close, done);
    this.presets = presets;
    this.taken = new Set(live.providers.map((one) => one.id));
    const free = presets.filter((one) => !this.taken.has(one.id));
    const first = free.find((one) => one.key_found) ?? free[0] ?? presets[0];
    this.form = new Form({ preset: first?.id ?? "", id: this.freeId(first?.id ?? ""), base_url: "", api_key: "" });
  }

  freeId(preset) {
    let id = preset;
    for (let number = 2; this.taken.has(id); number += 1) id = `${preset}-${number}`;
    return id;
  }

  draw() {
    const { form, presets } = this;
    const { values } = form;
    const preset = presets.find((one) => one.id === values.preset);
    if (!preset) return h("p.muted", "reading the presets …");
    const open = !preset.base_url || preset.base_url.includes("{");
    const asks = open || preset.local || values.base_url;
    const [variable] = preset.key_env;
    const unset = variable ? `or set ${variable} and leave this empty` : "";
    return form.draw(
      ["add a provider", `${presets.length} presets`],
      `Add ${values.id || preset.id}`,
      this,
      form.field("preset", "preset", { options: this.groups(), act: (id) => this.turnTo(id) }),
      preset.free.length > 0 && h("div.known", h("p.muted.small", "free tier"), freeTier(preset)),
      form.field("id", "id", { hint: "its name in chains: id/model" }),
      asks &&
        form.field("base_url", "base URL", {
          placeholder: preset.base_url || "http://127.0.0.1:8000/v1",
          inputmode: "url",
          required: open,
        }),
      form.field("api_key", "API key", {
        type: "password",
        note: preset.key_page && outward(preset.key_page, `get a key at ${new URL(preset.key_page).host}`),
        hint: preset.key_found
          ? `${preset.key_found} is set: leave this empty to use it.`
          : preset.needs_key
            ? unset
            : "none is needed",
      }),
      !asks &&
        h(
          "p.small",
          wordButton("another address", () => form.set("base_url", preset.base_url)),
        ),
    );
  }

  turnTo(preset) {
    Object.assign(this.form.values, { id: this.freeId(preset), base_url: "" });
  }

  /** Presets by what they cost; those that are there already say so. */
  groups() {
    const state = (one) => (this.taken.has(one.id) ? " (added)" : one.key_found ? " (key found)" : "");
    const kindOf = (one) => (one.local ? "local" : one.free.length ? "free tier" : "other");
    return ["free tier", "local", "other"].map((kind) => [
      kind,
      this.presets.filter((one) => kindOf(one) === kind).map((one) => [one.id, one.title + state(one)]),
    ]);
  }

  async send() {
    const { id, preset, ...rest } = this.form.values;
    const given = Object.entries(rest).map(([name, text]) => [name, text.trim()]);
    const body = { id: id.trim(), preset, ...Object.fromEntries(given.filter(([, text]) => text)) };
    await this.done(await call("POST", "api/providers", body, { version: this.form.version }));
  }
}

/** Changes a provider: its address, key, switch, limits, timeouts and headers. */
export class EditForm extends ProviderForm {
  newHeader = { name: "", value: "" };
  dropped = new Set();

  constructor(one, close, done) {
    super(one, close, done);
    this.form = new Form({
      enabled: String(one.enabled),
      base_url: one.base_url,
      api_key: "",
      ...prefixed("limits", one.limits),
      ...prefixed("timeouts", one.timeouts, (seconds) => `${seconds}s`),
      ...prefixed("headers", one.headers, () => ""),
    });
  }

  draw() {
    const { form, one } = this;
    const { api_key: key } = one;
    return form.draw(
      [`edit ${one.id}`, `preset ${one.preset}`],
      "Save",
      this,
      form.field("enabled", "switch", { options: onOff("its entries are skipped") }),
      form.field("base_url", "base URL", {
        inputmode: "url",
        hint:
          form.changed("base_url") &&
          "The stored key and headers belong to the old address: another scheme, host or port drops them.",
      }),
      form.field("api_key", "API key", {
        type: "password",
        placeholder: key.set ? `${keyEnd(key) || "set"} (from ${keySource(key)})` : "none is set",
        hint: "empty: it stays as it is",
        note: one.key_page && outward(one.key_page, "get a key"),
      }),
      limitsOf(form),
      form.group(
        "timeouts, such as 90s",
        TIMEOUTS.map((name) => [`timeouts.${name}`, name.replace("_", " "), { placeholder: "as the preset" }]),
      ),
      this.headers(),
    );
  }

  headers() {
    const { one, newHeader } = this;
    const input = (part, label, props) =>
      textInput(newHeader[part], (text) => (newHeader[part] = text.trim()), { "aria-label": label, ...props });
    return h(
      "fieldset",
      { key: "headers" },
      h("legend", "headers"),
      Object.keys(one.headers).map((name) => this.header(name, this.dropped.has(name))),
      h(
        "div.row",
        input("name", "new header's name", { placeholder: "x-name" }),
        input("value", "new header's value", { placeholder: "value", type: "password" }),
      ),
    );
  }

  header(name, dropped) {
    const placeholder = dropped ? "will be removed" : "set; empty: it stays";
    const turn = () => {
      if (!this.dropped.delete(name)) this.dropped.add(name);
      redraw();
    };
    return h(
      "div.row",
      { key: name },
      this.form.field(`headers.${name}`, name, { type: "password", placeholder, disabled: dropped }),
      button(dropped ? "Keep" : "Remove", turn),
    );
  }

  async send() {
    const { newHeader } = this;
    const edit = this.form.changes(read);
    const headers = { ...edit.headers, ...Object.fromEntries([...this.dropped].map((name) => [name, null])) };
    if (newHeader.name && newHeader.value) headers[newHeader.name] = newHeader.value;
    if (Object.keys(headers).length) edit.headers = headers;
    return this.patch(edit);
  }
}

/** Changes what the config says of one model: its limits, its window, what it can take. */
export class ModelForm extends ProviderForm {
  constructor(one, model, close, done) {
    super(one, close, done);
    this.model = model;
    const { limits = {}, enabled = true, ...known } = one.models[model] ?? {};
    const text = (value) => String(value ?? "");
    this.form = new Form({
      enabled: text(enabled),
      ...Object.fromEntries(
        ["context_window", "max_output", "tools", "vision"].map((name) => [name, text(known[name])]),
      ),
      ...prefixed("limits", limits),
    });
  }

  draw() {
    const { form } = this;
    const size = { inputmode: "numeric", hint: "tokens" };
    return form.draw(
      [this.model, this.provider],
      "Save",
      this,
      form.field("enabled", "switch", { options: onOff("skipped wherever it stands") }),
      limitsOf(form),
      form.group("abilities", [
        ["context_window", "context window", size],
        ["max_output", "largest answer", size],
        ["tools", "takes tools", { options: UNKNOWN_YES_NO }],
        ["vision", "takes images", { options: UNKNOWN_YES_NO }],
      ]),
    );
  }

  send() {
    const edit = this.form.changes(read);
    return this.patch(edit, { models: { [this.model]: edit } });
  }
}
