// The form in which a model's limits and abilities are changed.

import { call, named } from "./api.js";
import { h } from "./dom.js";
import { buttons, Form, number, prefixed, truth } from "./form.js";
import { heading } from "./parts.js";

/** What the config says of one model: its limits, its window, what it can take. */
export class ModelForm {
  constructor(provider, model, close, done) {
    this.provider = provider.id;
    this.one = provider;
    this.model = model;
    this.close = close;
    this.done = done;
    const known = provider.models[model];
    const text = (value) => (value === null || value === undefined ? "" : String(value));
    this.form = new Form({
      enabled: String(known?.enabled ?? true),
      context_window: text(known?.context_window),
      max_output: text(known?.max_output),
      tools: text(known?.tools),
      vision: text(known?.vision),
      ...prefixed("limits", known?.limits ?? {}, String),
    });
  }

  draw() {
    const { form, one, model } = this;
    return h(
      "form.form",
      { onsubmit: (event) => form.submit(event, () => this.send()) },
      heading(model, one.id),
      form.choose("enabled", "switch", [
        ["true", "on"],
        ["false", "off: skipped wherever it stands"],
      ]),
      form.limits(),
      h(
        "div.grid",
        { key: "abilities" },
        form.field("context_window", "context window", { inputmode: "numeric", hint: "tokens" }),
        form.field("max_output", "largest answer", { inputmode: "numeric", hint: "tokens" }),
        form.truth("tools", "takes tools"),
        form.truth("vision", "takes images"),
      ),
      form.trouble(),
      buttons("Save", form, this.close),
    );
  }

  async send() {
    const read = (name, text) => (["enabled", "tools", "vision"].includes(name) ? truth(text) : number(text));
    const edit = this.form.changes(read);
    if (!Object.keys(edit).length) return this.close();
    return this.done(
      await call(
        "PATCH",
        named("providers", this.one.id),
        { models: { [this.model]: edit } },
        { version: this.form.version },
      ),
    );
  }
}
