// The forms in which a provider is added and changed. A stored key is never shown: it never comes here.

import { call, named } from "./api.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { buttons, Form, number, prefixed, truth } from "./form.js";
import { live } from "./live.js";
import { heading, unseen } from "./parts.js";
import { freeTier } from "./provider_words.js";

const TIMEOUTS = ["connect", "first_token", "plain", "idle", "total"];

const keyField = { type: "password", autocomplete: "off" };

/** Adds a provider from a preset; `done(provider)` once it is there. */
export class AddForm {
  provider = "";

  constructor(presets, close, done) {
    const taken = new Set(live.providers.map((one) => one.id));
    this.presets = presets;
    this.close = close;
    this.done = done;
    const first =
      presets.find((one) => one.key_found && !taken.has(one.id)) ??
      presets.find((one) => !taken.has(one.id)) ??
      presets[0];
    this.form = new Form({ preset: first?.id ?? "", id: freeId(first?.id ?? "", taken), base_url: "", api_key: "" });
  }

  get preset() {
    return this.presets.find((one) => one.id === this.form.values.preset);
  }

  draw() {
    const { form, preset } = this;
    if (!preset) return h("p.muted", "reading the presets …");
    const taken = new Set(live.providers.map((one) => one.id));
    const open = !preset.base_url || preset.base_url.includes("{");
    const [variable] = preset.key_env;
    return h(
      "form.form",
      { onsubmit: (event) => form.submit(event, () => this.send()) },
      heading("add a provider", `${this.presets.length} presets`),
      form.choose("preset", "preset", groups(this.presets, taken), {
        act: () => {
          form.values.id = freeId(form.values.preset, taken);
          form.values.base_url = "";
        },
      }),
      preset.free.length > 0 && h("div.known", h("p.muted.small", "free tier"), freeTier(preset)),
      form.field("id", "id", { hint: "its name in chains: id/model" }),
      (open || preset.local || form.values.base_url) &&
        form.field("base_url", "base URL", {
          placeholder: preset.base_url || "http://127.0.0.1:8000/v1",
          inputmode: "url",
          required: open,
        }),
      form.field("api_key", "API key", {
        ...keyField,
        note:
          preset.key_page &&
          h(
            "a",
            { href: preset.key_page, target: "_blank", rel: "noreferrer noopener" },
            `get a key at ${new URL(preset.key_page).host} ↗`,
            unseen(" (a new tab)"),
          ),
        hint: preset.key_found
          ? `${preset.key_found} is set: leave this empty to use it.`
          : !preset.needs_key
            ? "none is needed"
            : variable
              ? `or set ${variable} and leave this empty`
              : "",
      }),
      !open &&
        !preset.local &&
        !form.values.base_url &&
        h(
          "p.small",
          h(
            "button.link",
            {
              type: "button",
              onclick: () => {
                form.values.base_url = preset.base_url;
                redraw();
              },
            },
            "another address",
          ),
        ),
      form.trouble(),
      buttons(`Add ${form.values.id || preset.id}`, form, this.close),
    );
  }

  async send() {
    const { id, preset, base_url: address, api_key: key } = this.form.values;
    const body = { id: id.trim(), preset };
    if (address.trim()) body.base_url = address.trim();
    if (key.trim()) body.api_key = key.trim();
    await this.done(await call("POST", "api/providers", body, { version: this.form.version }));
  }
}

function freeId(preset, taken) {
  if (!taken.has(preset)) return preset;
  for (let number = 2; ; number += 1) if (!taken.has(`${preset}-${number}`)) return `${preset}-${number}`;
}

/** Presets by what they cost; those that are there already say so. */
function groups(presets, taken) {
  const word = (one) => [one.id, `${one.title}${taken.has(one.id) ? " (added)" : one.key_found ? " (key found)" : ""}`];
  const free = presets.filter((one) => one.free.length && !one.local);
  const local = presets.filter((one) => one.local);
  const other = presets.filter((one) => !free.includes(one) && !local.includes(one));
  return [
    ["free", "free tier", free.map(word)],
    ["local", "local", local.map(word)],
    ["other", "other", other.map(word)],
  ];
}

/** Changes a provider: its address, key, switch, limits, timeouts and headers. */
export class EditForm {
  constructor(provider, close, done) {
    this.provider = provider.id;
    this.one = provider;
    this.close = close;
    this.done = done;
    this.newHeader = { name: "", value: "" };
    this.form = new Form({
      base_url: provider.base_url,
      api_key: "",
      enabled: String(provider.enabled),
      ...prefixed("limits", provider.limits, String),
      ...prefixed("timeouts", provider.timeouts, (value) => `${value}s`),
      ...prefixed("headers", provider.headers, () => ""),
    });
    this.dropped = new Set();
  }

  draw() {
    const { form, one } = this;
    const { api_key: key } = one;
    const stored = key.set
      ? `${key.hint?.replace(/^\.+/, "…") ?? "set"} (from ${key.source === "config" ? "config.toml" : key.source})`
      : "none is set";
    const moved = form.changed("base_url");
    return h(
      "form.form",
      { onsubmit: (event) => form.submit(event, () => this.send()) },
      heading(`edit ${one.id}`, `preset ${one.preset}`),
      form.choose("enabled", "switch", [
        ["true", "on"],
        ["false", "off: its entries are skipped"],
      ]),
      form.field("base_url", "base URL", {
        inputmode: "url",
        hint: moved
          ? "The stored key and headers belong to the old address: another scheme, host or port drops them."
          : "",
      }),
      form.field("api_key", "API key", {
        ...keyField,
        placeholder: stored,
        hint: "empty: it stays as it is",
        note:
          one.key_page &&
          h(
            "a",
            { href: one.key_page, target: "_blank", rel: "noreferrer noopener" },
            "get a key ↗",
            unseen(" (a new tab)"),
          ),
      }),
      form.limits(),
      h(
        "fieldset",
        { key: "timeouts" },
        h("legend", "timeouts, such as 90s"),
        h(
          "div.grid",
          TIMEOUTS.map((name) =>
            form.field(`timeouts.${name}`, name.replace("_", " "), { placeholder: "as the preset" }),
          ),
        ),
      ),
      this.headers(),
      form.trouble(),
      buttons("Save", form, this.close),
    );
  }

  headers() {
    const { one, form, newHeader, dropped } = this;
    return h(
      "fieldset",
      { key: "headers" },
      h("legend", "headers"),
      Object.keys(one.headers).map((name) =>
        h(
          "div",
          { key: name, class: "row" },
          form.field(`headers.${name}`, name, {
            type: "password",
            placeholder: dropped.has(name) ? "will be removed" : "set; empty: it stays",
            disabled: dropped.has(name),
          }),
          h(
            "button.button",
            {
              type: "button",
              onclick: () => {
                if (!dropped.delete(name)) dropped.add(name);
                redraw();
              },
            },
            dropped.has(name) ? "Keep" : "Remove",
          ),
        ),
      ),
      h(
        "div.row",
        h("input", {
          "aria-label": "new header's name",
          placeholder: "x-name",
          value: newHeader.name,
          autocomplete: "off",
          oninput: (event) => {
            newHeader.name = event.target.value.trim();
          },
        }),
        h("input", {
          "aria-label": "new header's value",
          placeholder: "value",
          type: "password",
          value: newHeader.value,
          autocomplete: "off",
          oninput: (event) => {
            newHeader.value = event.target.value;
          },
        }),
      ),
    );
  }

  async send() {
    const { form, one, dropped, newHeader } = this;
    const edit = form.changes((name, text) =>
      name === "enabled" ? truth(text) : name.startsWith("limits.") ? number(text) : text,
    );
    const headers = { ...edit.headers, ...Object.fromEntries([...dropped].map((name) => [name, null])) };
    if (newHeader.name && newHeader.value) headers[newHeader.name] = newHeader.value;
    if (Object.keys(headers).length) edit.headers = headers;
    if (!Object.keys(edit).length) return this.close();
    return this.done(await call("PATCH", named("providers", one.id), edit, { version: form.version }));
  }
}
