// Choosing entries from what the providers themselves list.

import { get, named } from "./api.js";
import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { live } from "./live.js";
import { choice } from "./parts.js";
import { count } from "./words.js";

const MOST_ROWS = 150;

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
export function pickEntries(title, present, verb, { near = null } = {}) {
  const picker = {
    provider: near?.split("/")[0] ?? live.providers[0]?.id ?? "",
    filter: "",
    marked: [],
    models: null,
    fault: "",
    typed: "",
  };
  return openDialog(title, (close, paint) => draw(picker, present, verb, near, close, paint), { wide: true });
}

function draw(picker, present, verb, near, close, paint) {
  if (picker.asked !== picker.provider) ask(picker, paint);
  const rows = matching(picker, near);
  const submit = (event) => {
    event.preventDefault();
    addTyped(picker, present);
    if (picker.marked.length) close(near ? picker.marked.slice(0, 1) : picker.marked);
    else paint();
  };
  return h(
    "form.picker",
    { onsubmit: submit },
    h(
      "div.filters",
      choice(
        "provider",
        picker.provider,
        live.providers.map((one) => [one.id, `${one.id} (${one.state})`]),
        (id) => {
          Object.assign(picker, { provider: id, filter: "" });
          paint();
        },
      ),
      h("input", {
        type: "search",
        "aria-label": "filter models",
        placeholder: "filter models",
        value: picker.filter,
        autofocus: true,
        autocomplete: "off",
        oninput: (event) => {
          picker.filter = event.target.value;
          paint();
        },
      }),
    ),
    h(
      "div.picks",
      { tabindex: 0, role: "group", "aria-label": "models" },
      picker.fault
        ? h("p.fault", picker.fault)
        : picker.models === null
          ? h("p.muted", `asking ${picker.provider} for its models …`)
          : rows.length === 0
            ? h("p.muted", `0 of ${picker.models.length} models. Another filter, or type the id below.`)
            : [
                h(
                  "p.pick.head",
                  { "aria-hidden": "true" },
                  ["", "model", "free", "window", "tools", "vision"].map((word, index) =>
                    h("span", { key: index }, word),
                  ),
                ),
                rows.slice(0, MOST_ROWS).map((model) => pick(picker, present, model, near, paint)),
                rows.length > MOST_ROWS && h("p.muted", `${rows.length - MOST_ROWS} more: type to filter`),
              ],
    ),
    h(
      "div.form",
      h("label", { for: "typed" }, "or a model id by hand"),
      h("input", {
        id: "typed",
        value: picker.typed,
        autocomplete: "off",
        spellcheck: "false",
        oninput: (event) => {
          picker.typed = event.target.value.trim();
          paint();
        },
      }),
    ),
    h(
      "div.buttons",
      h(
        "button.button.main",
        { disabled: !picker.marked.length && !picker.typed },
        wanted(picker) > 1 ? `${verb} (${wanted(picker)})` : verb,
      ),
      h("button.button", { type: "button", onclick: () => close(null) }, "Cancel"),
    ),
  );
}

const wanted = (picker) => picker.marked.length + (picker.typed ? 1 : 0);

function addTyped(picker, present) {
  const entry = `${picker.provider}/${picker.typed}`;
  if (picker.typed && !present.includes(entry) && !picker.marked.includes(entry)) picker.marked.push(entry);
}

function pick(picker, present, model, near, paint) {
  const entry = `${picker.provider}/${model.id}`;
  const there = present.includes(entry);
  const place = picker.marked.indexOf(entry);
  const toggle = () => {
    if (place >= 0) picker.marked.splice(place, 1);
    else if (near) picker.marked = [entry];
    else picker.marked.push(entry);
    paint();
  };
  return h(
    "label",
    { key: model.id, class: there ? "pick there" : "pick" },
    h("input", { type: "checkbox", checked: place >= 0 || there, disabled: there, onchange: toggle }),
    h(
      "span.id",
      model.id,
      there ? h("span.muted", near ? " gone" : " in it") : place >= 0 && !near && h("b.flow", ` ${place + 1}`),
    ),
    h("span", known(model.free, "free", "paid")),
    h("span", model.context_window === null ? "–" : count(model.context_window)),
    h("span", known(model.tools, "tools", "no")),
    h("span", known(model.vision, "vision", "no")),
  );
}

const known = (value, yes, no) => (value === null ? "–" : value ? yes : no);

function matching(picker, near) {
  const text = picker.filter.trim().toLowerCase();
  const found = (picker.models ?? []).filter((model) => model.id.toLowerCase().includes(text));
  if (near && !text) {
    const ids = nearest(
      near.slice(near.indexOf("/") + 1),
      found.map((model) => model.id),
    );
    return ids.slice(0, 3).map((id) => found.find((model) => model.id === id));
  }
  return found.sort((one, other) => (other.free === true) - (one.free === true));
}

async function ask(picker, paint) {
  const id = picker.provider;
  Object.assign(picker, { asked: id, models: null, fault: "" });
  if (!id) return;
  try {
    const list = await get(named("providers", id, "/models"));
    if (picker.provider === id) picker.models = list.items;
  } catch (error) {
    if (error.status === undefined) throw error;
    if (picker.provider === id) picker.fault = `${error.message} Type a model id by hand.`;
  }
  paint();
}
