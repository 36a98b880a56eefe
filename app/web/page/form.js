// A form's fields by their names in the admin API, what was changed in them, what is wrong with them.

import { verbs } from "./dialog.js";
import { h, redraw } from "./dom.js";
import { live, load } from "./live.js";
import { choice, heading, textInput } from "./parts.js";
import { told } from "./api.js";
import { tellError } from "./toast.js";

const MOVED = "config.toml was changed elsewhere, so nothing was saved. Look at what is there now, then save again.";

/** Fields as texts, keyed by dotted names (`limits.rpm`). Faults are an ApiError's, by its field. */
export class Form {
  fault = "";
  faulty = null;
  saving = false;
  version = live.version;

  constructor(values = {}) {
    this.initial = { ...values };
    this.values = { ...values };
  }

  changed = (name) => (this.values[name] ?? "") !== (this.initial[name] ?? "");

  /** What was changed, nested as the API wants it. `read(name, text)` makes the value; an emptied field is null. */
  changes(read) {
    const found = {};
    for (const name of Object.keys(this.values).filter(this.changed)) {
      const text = this.values[name].trim();
      const [table, ...rest] = name.split(".");
      const place = rest.length ? (found[table] ??= {}) : found;
      place[rest.join(".") || table] = text === "" ? null : read(name, text);
    }
    return found;
  }

  set(name, value) {
    this.values[name] = value;
    redraw();
  }

  id = (name) => `field-${name}`;

  /**
   * A field with its label above, its fault or `hint` below; `note` stands right of the label. With
   * `options` it is a choice among them.
   */
  field(name, label, { note = null, hint = "", options = null, act = () => {}, ...more } = {}) {
    const id = this.id(name);
    const wrong = this.faulty === name;
    const value = (this.values[name] ??= "");
    const props = { id, "aria-invalid": wrong ? "true" : null, "aria-describedby": `${id}-more`, ...more };
    const take = (text) => {
      this.set(name, text);
      act(text);
    };
    return h(
      "div.field",
      { key: name },
      h("div.label", h("label", { for: id }, label), note),
      options ? choice(value, options, take, props) : textInput(value, take, props),
      h(
        "p",
        { id: `${id}-more`, class: wrong ? "fault" : "muted small", role: wrong ? "alert" : null },
        wrong ? this.fault : hint,
      ),
    );
  }

  /** Numbers and texts of one kind, side by side: `fields` are `[name, label, properties]`. */
  group = (legend, fields) =>
    h(
      "fieldset",
      { key: legend },
      h("legend", legend),
      h(
        "div.grid",
        fields.map((one) => this.field(...one)),
      ),
    );

  /** The whole: fields below a heading, what is wrong where none of them is to blame, and the verbs. */
  draw([title, note], verb, { send, close }, ...fields) {
    return h(
      "form.form",
      { onsubmit: (event) => this.submit(event, send) },
      heading(title, note),
      fields,
      this.fault && !this.faulty && h("p.fault", { role: "alert" }, this.fault),
      verbs(close, h("button.button.main", { disabled: this.saving }, this.saving ? "saving …" : verb)),
    );
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
      if (error.status === 412) await this.moved();
      else this.refuse(error);
    } finally {
      this.saving = false;
      redraw();
    }
  }

  /** The config is another than the one that was read: nothing typed is lost, and a second try counts. */
  async moved() {
    await load().catch(tellError);
    this.version = live.version;
    this.fault = MOVED;
  }

  /** Show what an ApiError says beside the field that it names. */
  refuse(error) {
    this.fault = told(error);
    const named = error.field ?? "";
    const fits = [(one) => one === named, (one) => named.endsWith(`.${one}`), (one) => one.startsWith(`${named}.`)];
    const names = Object.keys(this.values);
    this.faulty = fits.map((fit) => names.find(fit)).find(Boolean) ?? null;
    requestAnimationFrame(() => document.getElementById(this.id(this.faulty))?.focus());
  }
}
