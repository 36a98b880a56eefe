// A form's fields by their names in the admin API, what was changed in them, what is wrong with them.

import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { live, load } from "./live.js";
import { tellError } from "./toast.js";

const LIMITS = ["rpm", "rph", "rpd", "rpmo", "tpm", "tph", "tpd", "tpmo", "concurrent"];
const TRUTH = [
  ["", "unknown"],
  ["true", "yes"],
  ["false", "no"],
];

/** Fields as texts, keyed by dotted names (`limits.rpm`). Faults are an ApiError's, by its field. */
export class Form {
  constructor(values = {}) {
    this.initial = { ...values };
    this.values = { ...values };
    this.fault = "";
    this.faulty = null;
    this.saving = false;
    this.version = live.version;
  }

  changed(name) {
    return (this.values[name] ?? "") !== (this.initial[name] ?? "");
  }

  /** What was changed, nested as the API wants it. `read(name, text)` makes the value; an emptied field is null. */
  changes(read = (name, text) => text) {
    const found = {};
    for (const name of Object.keys(this.values).filter((one) => this.changed(one))) {
      const text = this.values[name].trim();
      const value = text === "" ? null : read(name, text);
      const dot = name.indexOf(".");
      if (dot < 0) found[name] = value;
      else (found[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = value;
    }
    return found;
  }

  /** Show what an ApiError says beside the field that it names. */
  refuse(error) {
    this.fault = error.told;
    const names = Object.keys(this.values);
    const named = error.field ?? "";
    this.faulty =
      names.find((name) => name === named) ??
      names.find((name) => named.endsWith(`.${name}`)) ??
      names.find((name) => name.startsWith(`${named}.`)) ??
      null;
    redraw();
    requestAnimationFrame(() => document.getElementById(this.id(this.faulty))?.focus());
  }

  /** The config is another than the one that was read: nothing typed is lost, and a second try counts. */
  async moved() {
    await load().catch(tellError);
    this.version = live.version;
    this.fault = "config.toml was changed elsewhere, so nothing was saved. Look at what is there now, then save again.";
  }

  id(name) {
    return `field-${name}`;
  }

  /** A field with its label above and its fault below. `note` stands right of the label. */
  field(name, label, { note = null, hint = "", type = "text", ...props } = {}) {
    const wrong = this.faulty === name;
    this.values[name] ??= "";
    return h(
      "div",
      { key: name, class: "field" },
      h("div.label", h("label", { for: this.id(name) }, label), note),
      h("input", {
        id: this.id(name),
        type,
        value: this.values[name],
        autocomplete: "off",
        spellcheck: "false",
        "aria-invalid": wrong ? "true" : null,
        "aria-describedby": `${this.id(name)}-more`,
        oninput: (event) => {
          this.values[name] = event.target.value;
          redraw();
        },
        ...props,
      }),
      h(
        "p",
        { id: `${this.id(name)}-more`, class: wrong ? "fault" : "muted small", role: wrong ? "alert" : null },
        wrong ? this.fault : hint,
      ),
    );
  }

  choose(name, label, options, { act = () => {}, hint = "" } = {}) {
    this.values[name] ??= "";
    const wrong = this.faulty === name;
    return h(
      "div",
      { key: name, class: "field" },
      h("label", { for: this.id(name) }, label),
      h(
        "select",
        {
          id: this.id(name),
          value: this.values[name],
          onchange: (event) => {
            this.values[name] = event.target.value;
            act();
            redraw();
          },
        },
        options.map(([value, word, group]) =>
          group
            ? h(
                "optgroup",
                { key: value, label: word },
                group.map(([one, text]) => h("option", { key: one, value: one }, text)),
              )
            : h("option", { key: value, value }, word),
        ),
      ),
      h("p", { class: wrong ? "fault" : "muted small", role: wrong ? "alert" : null }, wrong ? this.fault : hint),
    );
  }

  truth(name, label) {
    return this.choose(name, label, TRUTH);
  }

  /** The nine limits, three in a row. */
  limits() {
    return h(
      "fieldset",
      { key: "limits" },
      h("legend", "limits"),
      h(
        "div.grid",
        LIMITS.map((name) => this.field(`limits.${name}`, name, { inputmode: "numeric" })),
      ),
    );
  }

  /** What is wrong where no field is to blame. */
  trouble() {
    return this.fault && !this.faulty && h("p.fault", { role: "alert" }, this.fault);
  }

  /** Send what was entered; `act` may throw an ApiError, which is then shown. */
  async submit(event, act) {
    event.preventDefault();
    if (this.saving) return;
    Object.assign(this, { saving: true, fault: "", faulty: null });
    redraw();
    try {
      await act();
    } catch (error) {
      if (error.status === undefined) throw error;
      if (error.status === 412) await this.moved();
      else this.refuse(error);
    } finally {
      this.saving = false;
      redraw();
    }
  }
}

/** Of a limit or a size: a whole number, or the text as it is, for the API to find fault with. */
export const number = (text) => (/^\d+$/.test(text) ? Number(text) : text);

export const truth = (text) => text === "true";

/** The buttons below a form: `verb` sends it. */
export function buttons(verb, form, close) {
  return h(
    "div.buttons",
    { key: "buttons" },
    h("button.button.main", { disabled: form.saving }, form.saving ? "saving …" : verb),
    h("button.button", { type: "button", onclick: close }, "Cancel"),
  );
}

/** Texts of a table by their dotted names: `limits.rpm`. */
export const prefixed = (prefix, values, text) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, text(value)]));
