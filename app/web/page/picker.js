// Choosing entries from what the providers themselves list.

import { named, Reading } from "./api.js";
import { openDialog, verbs } from "./dialog.js";
import { h } from "./dom.js";
import { live } from "./live.js";
import { choice, muted, textInput } from "./parts.js";
import { count, MISSING } from "./words.js";

const MOST_ROWS = 150;
const NEAREST = 3;

/** Of texts, the nearest to `name` first: by the pairs of letters that they have in common. */
export function nearest(name, texts) {
  const pairs = (text) => new Set([...text.slice(0, -1)].map((_, index) => text.slice(index, index + 2)));
  const wanted = pairs(name);
  const likeness = (text) => {
    const own = pairs(text);
    const common = [...own].filter((pair) => wanted.has(pair)).length;
    return (2 * common) / Math.max(1, own.size + wanted.size);
  };
  return [...texts].sort((one, other) => likeness(other) - likeness(one));
}

/**
 * Let a person mark models; resolves with entries in the order of marking, or nothing.
 * `present` are there already. `near` is an entry that is gone: one near it is chosen instead.
 */
export function pickEntries(title, present, verb, { near = "" } = {}) {
  const picker = new Picker(present, verb, near);
  return openDialog(title, (close, paint) => picker.draw(close, paint), { wide: true });
}

class Picker {
  filter = "";
  typed = "";
  marked = [];

  constructor(present, verb, near) {
    Object.assign(this, { present, verb, near, provider: near.split("/")[0] || live.providers[0]?.id });
  }

  draw(close, paint) {
    if (this.asked !== this.provider) this.ask(paint);
    const turn = (name) => (value) => {
      this[name] = value;
      paint();
    };
    const send = (event) => {
      event.preventDefault();
      const chosen = this.chosen();
      if (chosen.length) close(chosen);
    };
    const number = this.chosen().length;
    const providers = live.providers.map((one) => [one.id, `${one.id} (${one.state})`]);
    const search = { type: "search", "aria-label": "filter models", placeholder: "filter models", autofocus: true };
    return h(
      "form.picker",
      { onsubmit: send },
      h(
        "div.filters",
        choice(this.provider, providers, turn("provider"), { "aria-label": "provider" }),
        textInput(this.filter, turn("filter"), search),
      ),
      h("div.picks", { tabindex: 0, role: "group", "aria-label": "models" }, this.list(paint)),
      h(
        "div.form",
        h("label", { for: "typed" }, "or a model id by hand"),
        textInput(this.typed, turn("typed"), { id: "typed" }),
      ),
      verbs(close, h("button.button.main", { disabled: !number }, number > 1 ? `${this.verb} (${number})` : this.verb)),
    );
  }

  ask(paint) {
    this.asked = this.provider;
    this.filter = "";
    this.models = new Reading();
    if (this.provider) this.models.ask(named("providers", this.provider, "/models"), paint);
  }

  list(paint) {
    const { value, fault } = this.models;
    if (fault) return h("p.fault", `${fault} Type a model id by hand.`);
    if (!value) return h("p.muted", `asking ${this.provider} for its models …`);
    const rows = this.matching(value.items);
    if (!rows.length) return h("p.muted", `0 of ${value.items.length} models. Another filter, or type the id below.`);
    const words = ["", "model", "free", "window", "tools", "vision"];
    return [
      h(
        "p.pick.head",
        { "aria-hidden": "true" },
        words.map((word, at) => h("span", { key: at }, word)),
      ),
      rows.slice(0, MOST_ROWS).map((model) => this.row(model, paint)),
      rows.length > MOST_ROWS && h("p.muted", `${rows.length - MOST_ROWS} more: type to filter`),
    ];
  }

  row(model, paint) {
    const entry = `${this.provider}/${model.id}`;
    const there = this.present.includes(entry);
    const place = this.marked.indexOf(entry);
    const toggle = () => {
      if (place >= 0) this.marked.splice(place, 1);
      else if (this.near) this.marked = [entry];
      else this.marked.push(entry);
      paint();
    };
    const order = place >= 0 && !this.near && h("b.flow", ` ${place + 1}`);
    return h(
      "label.pick",
      { key: model.id, class: there && "there" },
      h("input", { type: "checkbox", checked: place >= 0 || there, disabled: there, onchange: toggle }),
      h("span.id", model.id, there ? muted(this.near ? " gone" : " in it") : order),
      h("span", known(model.free, "free", "paid")),
      h("span", model.context_window === null ? MISSING : count(model.context_window)),
      h("span", known(model.tools, "tools", "no")),
      h("span", known(model.vision, "vision", "no")),
    );
  }

  /** The nearest to what is gone, or those that the filter leaves, free ones first. */
  matching(models) {
    const text = this.filter.trim().toLowerCase();
    const found = models.filter((model) => model.id.toLowerCase().includes(text));
    if (!this.near || text) return found.sort((one, other) => (other.free === true) - (one.free === true));
    const ids = nearest(
      this.near.slice(this.near.indexOf("/") + 1),
      found.map((model) => model.id),
    );
    return ids.slice(0, NEAREST).map((id) => found.find((model) => model.id === id));
  }

  /** What is marked, then what was typed; of several that could take one place, the first. */
  chosen() {
    const typed = this.typed.trim() && `${this.provider}/${this.typed.trim()}`;
    const fresh = typed && !this.present.includes(typed) && !this.marked.includes(typed);
    const all = fresh ? [...this.marked, typed] : this.marked;
    return this.near ? all.slice(0, 1) : all;
  }
}

const known = (value, yes, no) => (value === null ? MISSING : value ? yes : no);
