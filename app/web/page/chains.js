// Chains: what stands in them and in which order.

import { call, named } from "./api.js";
import { changesMade, note } from "./changes.js";
import { chainHead, nextInWords, placeOf, poolRow } from "./chain_view.js";
import { asked, confirmed, openMenu } from "./dialog.js";
import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { entryMenu, isGone, told } from "./entry_actions.js";
import { isUsable, leadingGauges, role, stateRole, stateWord, symbol } from "./entry.js";
import { entryOf, isLost, live, load, now } from "./live.js";
import { button, empty, entryName, gauge, heading, rail, sign } from "./parts.js";
import { pickEntries } from "./picker.js";
import { moved, Reorder } from "./reorder.js";
import { toast } from "./toast.js";
import { span } from "./words.js";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

let pending = null;

const reorder = new Reorder((order, entry, to, version) =>
  change({ entries: order }, `${entry.split("/")[0]} moved to ${to + 1}`, "move", { ...shown, version }),
);

export const chains = {
  title: "Chains",
  enter(route) {
    if (route.query.has("new")) {
      history.replaceState(null, "", "#chains");
      newChain();
    }
  },
  leave() {
    reorder.cancel();
  },
  draw(route) {
    const chain = current(route);
    return [tabs(chain), chain ? h("div.columns", { key: "columns" }, editor(chain), aside(chain)) : noChain()];
  },
};

let shown = null;

function current(route) {
  const named = live.chains.find((chain) => chain.name === route.id);
  shown = named ?? live.chains.find((chain) => chain.name === shown?.name) ?? live.chains[0] ?? null;
  return shown;
}

function tabs(chain) {
  return h(
    "div.tabs",
    { key: "tabs" },
    h(
      "nav",
      { "aria-label": "chains" },
      live.chains.map((one) => {
        const usable = one.entries.filter((name) => isUsable(entryOf(name))).length;
        return h(
          "a",
          {
            key: one.name,
            href: `#chains/${encodeURIComponent(one.name)}`,
            "aria-current": one === chain ? "page" : null,
          },
          one.name,
          h("span.muted", ` ${usable}/${one.entries.length}`),
        );
      }),
    ),
    button("New chain", newChain, { disabled: isLost() || !live.providers?.length }),
  );
}

function noChain() {
  if (!live.providers?.length)
    return empty("A chain needs a provider first. ", h("a", { href: "#providers?add=" }, "Add one"), ".");
  return empty(
    "No chain yet. A chain is a list of models in the order you like; a request takes the first one that has free budget left.",
  );
}

function editor(chain) {
  // A lifted row stays among those it was lifted from, whatever changes elsewhere.
  const entries = reorder.lift?.items ?? (pending?.chain === chain.name ? pending.entries : chain.entries);
  const order = reorder.order(entries);
  const landing = order === chain.entries ? order.indexOf(chain.next) : firstUsable(order, chain);
  return h(
    "section.chain.editor",
    { key: chain.name },
    chainHead(
      chain,
      h(
        "button.more",
        {
          "aria-label": `actions for chain ${chain.name}`,
          "aria-haspopup": "menu",
          onclick: (event) => chainMenu(event.currentTarget, chain),
        },
        "⋯",
      ),
    ),
    h(
      "ol",
      { class: reorder.lift ? "fall lifting" : "fall" },
      entries.map((name, index) => row(chain, entries, name, index, landing)),
      poolRow(chain),
    ),
    h(
      "div.after-fall",
      button("+ add an entry", () => addEntries(chain), { disabled: isLost() }),
    ),
  );
}

/** Which entry would serve in another order: the picture must be right before the drop. */
function firstUsable(order, chain) {
  const found = order.findIndex((name) => isUsable(entryOf(name)));
  return found < 0 ? order.indexOf(chain.next) : found;
}

function row(chain, entries, name, index, landing) {
  const entry = entryOf(name);
  const { at, offset, lifted } = reorder.of(index);
  const place = placeOf(at, landing);
  const lands = place === "landing";
  const [first] = leadingGauges(entry);
  return h(
    "li",
    {
      key: name,
      class: `entry ${place} ${isUsable(entry) ? "" : "spent"} ${lifted ? "lifted" : ""}`,
      style: offset || lifted ? { transform: `translate(${lifted ? 6 : 0}px, ${offset}px)` } : {},
    },
    rail(),
    sign(symbol(entry, lands), role(entry, lands)),
    h("span.position", at + 1),
    entryName(name),
    h("span.first", entry.state !== "off" && first && gauge(first, entry, lands, now())),
    h("span", { class: `state ${stateRole(entry, lands)}` }, stateWord(entry)),
    h(
      "button.more",
      {
        "aria-label": `actions for ${name}`,
        "aria-haspopup": "menu",
        onclick: (event) => rowMenu(event.currentTarget, chain, entries, index),
      },
      "⋯",
    ),
    h(
      "button.grip",
      {
        disabled: isLost(),
        "aria-label": `move ${name}, ${at + 1} of ${entries.length}`,
        "aria-pressed": String(lifted),
        ...reorder.grip(entries, index, name, chain.version),
      },
      "⠿",
    ),
  );
}

function rowMenu(at, chain, entries, index) {
  const name = entries[index];
  const lost = isLost() ? "not connected" : "";
  const move = (to) => () =>
    change({ entries: moved(entries, index, to) }, `${name.split("/")[0]} moved to ${to + 1}`, "move", chain);
  entryMenu(at, name, [
    ["move up", move(index - 1), lost || (index === 0 ? "it is the first" : "")],
    ["move down", move(index + 1), lost || (index === entries.length - 1 ? "it is the last" : "")],
    ["remove", () => removeEntry(chain, entries, name), lost],
    ...(isGone(name) ? [["replace", () => replaceEntry(name), lost]] : []),
  ]);
}

function chainMenu(at, chain) {
  const lost = isLost() ? "not connected" : "";
  openMenu(at, [
    ["rename", () => rename(chain), lost],
    ["duplicate", () => duplicate(chain), lost],
    ["delete", () => remove(chain), lost || (chain.default ? `${chain.name} is routing.default_chain` : "")],
  ]);
}

function aside(chain) {
  const patterns = [chain.name, ...chain.models].join(", ");
  const more = [
    chain.local_only && "local only",
    chain.max_wait_s !== null && `waits up to ${span(chain.max_wait_s * 1000)}`,
  ].filter(Boolean);
  const order = reorder.order(chain.entries);
  return h(
    "div.aside",
    h(
      "section",
      { key: "next" },
      heading("the next request", "dry run, nothing is sent"),
      h("p", order === chain.entries ? nextInWords(chain) : nextInWords(chain, order, firstUsable(order, chain))),
    ),
    h(
      "section",
      { key: "clients" },
      heading("clients"),
      h("p", chain.models.length ? "ask for one of " : "ask for model ", h("b", patterns)),
      more.length > 0 && h("p.muted", more.join(" · ")),
    ),
    changesMade(),
  );
}

/** Write a change of a chain, and say so with a way back. */
async function change(edit, text, kind, chain = shown) {
  pending = edit.entries ? { chain: chain.name, entries: edit.entries } : null;
  redraw();
  try {
    await call("PUT", named("chains", chain.name), edit, { version: chain.version });
    await load();
    note(text);
  } catch (error) {
    await told(error, kind);
  } finally {
    pending = null;
    redraw();
  }
}

async function removeEntry(chain, entries, name) {
  if (entries.length === 1) {
    if (chain.default)
      return toast(`${name} is the only entry of ${chain.name}, the default chain. Add another one first.`, "low");
    return remove(chain, `${chain.name} has no other entry.`);
  }
  return change(
    { entries: entries.filter((one) => one !== name) },
    `Removed ${name} from ${chain.name}`,
    "removal",
    chain,
  );
}

async function addEntries(chain) {
  const picked = await pickEntries(`add to ${chain.name}`, chain.entries, "Add");
  if (!picked?.length) return;
  const what = picked.length === 1 ? picked[0] : `${picked.length} entries`;
  await change({ entries: [...chain.entries, ...picked] }, `Added ${what} to ${chain.name}`, "addition", chain);
}

/** A model that is gone gives way to another one, in every chain that holds it. */
async function replaceEntry(name) {
  const picked = await pickEntries(`replace ${name}`, [name], "Replace", { near: name });
  if (!picked?.length) return;
  for (const chain of live.chains.filter((one) => one.entries.includes(name))) {
    const entries = [...new Set(chain.entries.map((one) => (one === name ? picked[0] : one)))];
    await change(
      { entries },
      `Replaced ${name} by ${picked[0]} in ${chain.name}`,
      "replacement",
      live.chains.find((one) => one.name === chain.name),
    );
  }
}

const nameFault = (name) => {
  if (!NAME.test(name)) return "1 to 64 letters, digits, dots, dashes or underscores.";
  return live.chains.some((chain) => chain.name === name) ? `There is a chain ${name} already.` : "";
};

async function newChain() {
  const name = await asked("new chain", "name", live.chains.length ? "" : "free", "Choose its entries", nameFault);
  if (name === null) return;
  const entries = await pickEntries(`entries of ${name}`, [], "Make the chain");
  if (entries?.length) await create(name, entries, `Made chain ${name}`);
}

async function duplicate(chain) {
  const name = await asked(`duplicate ${chain.name}`, "name of the copy", `${chain.name}-2`, "Duplicate", nameFault);
  if (name !== null) await create(name, chain.entries, `Made chain ${name}, a copy of ${chain.name}`);
}

async function create(name, entries, text) {
  try {
    await call("POST", "api/chains", { name, entries }, { version: live.version });
    await load();
    location.hash = `chains/${encodeURIComponent(name)}`;
    note(text);
  } catch (error) {
    await told(error, "chain");
  }
}

async function rename(chain) {
  const name = await asked(`rename ${chain.name}`, "name", chain.name, "Rename", (text) =>
    text === chain.name ? "That is its name." : nameFault(text),
  );
  if (name === null) return;
  await change({ name }, `Renamed ${chain.name} to ${name}`, "name", chain);
  location.hash = `chains/${encodeURIComponent(name)}`;
}

async function remove(chain, why = "Programs that ask for it get the default chain.") {
  if (
    !(await confirmed(
      `delete chain ${chain.name}?`,
      [why, "Its providers stay. Requests that run on it end normally."],
      `Delete ${chain.name}`,
    ))
  )
    return;
  try {
    await call("DELETE", named("chains", chain.name), undefined, { version: chain.version });
    await load();
    location.hash = "chains";
    note(`Deleted chain ${chain.name}`);
  } catch (error) {
    await told(error, "removal");
  }
}
