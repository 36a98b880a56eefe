// Chains: what stands in them and in which order.

import { named } from "./api.js";
import { chainHead, fallRow, nextInWords, placeOf, poolRow, signOf, stateOf, usableOf } from "./chain_view.js";
import { change, changesMade } from "./changes.js";
import { asked, confirmed } from "./dialog.js";
import { h, redraw } from "./dom.js";
import { isUsable } from "./entry.js";
import { entryItems, isGone, whyNow } from "./entry_actions.js";
import { entryOf, isLost, live } from "./live.js";
import { action, empty, entryName, link, menuButton, muted, section } from "./parts.js";
import { pickEntries } from "./picker.js";
import { moved, Reorder } from "./reorder.js";
import { toast } from "./toast.js";
import { span } from "./words.js";

const NAME = /^[A-Za-z0-9._-]{1,64}$/;

let shown = null;
let pending = null;

const reorder = new Reorder((order, entry, to, version) =>
  rewrite({ ...shown, version }, order, "move", `${entry.split("/")[0]} moved to ${to + 1}`),
);

export const chains = {
  title: "Chains",
  enter(route) {
    if (!route.query.has("new")) return;
    history.replaceState(null, "", "#chains");
    newChain();
  },
  leave: () => reorder.cancel(),
  draw(route) {
    const called = (name) => live.chains.find((chain) => chain.name === name);
    shown = called(route.id) ?? called(shown?.name) ?? live.chains[0] ?? null;
    return [tabs(), shown ? h("div.columns", { key: "columns" }, editor(shown), aside(shown)) : noChain()];
  },
};

const addressOf = (name) => `#chains/${encodeURIComponent(name)}`;

const tabs = () =>
  h(
    "div.tabs",
    { key: "tabs" },
    h(
      "nav",
      { "aria-label": "chains" },
      live.chains.map((one) =>
        h(
          "a",
          { key: one.name, href: addressOf(one.name), "aria-current": one === shown ? "page" : null },
          one.name,
          muted(` ${usableOf(one)}/${one.entries.length}`),
        ),
      ),
    ),
    action("New chain", newChain, { disabled: !live.providers.length }),
  );

const noChain = () =>
  live.providers.length
    ? empty(
        "No chain yet. A chain is a list of models in the order you like; ",
        "a request takes the first one that has free budget left.",
      )
    : empty("A chain needs a provider first. ", link("#providers?add=", "Add one"), ".");

/** The entries in the order to be seen, and which of them would serve: right before the drop already. */
function picture(chain) {
  // A lifted row stays among those it was lifted from, whatever changes elsewhere.
  const entries = reorder.lift?.items ?? (pending?.chain === chain.name ? pending.entries : chain.entries);
  const order = reorder.order(entries);
  const served = order.indexOf(chain.next);
  const found = order === chain.entries ? served : order.findIndex((name) => isUsable(entryOf(name)));
  return { entries, order, landing: found < 0 ? served : found };
}

function editor(chain) {
  const { entries, landing } = picture(chain);
  return h(
    "section.chain.editor",
    { key: chain.name },
    chainHead(
      chain,
      menuButton(`actions for chain ${chain.name}`, () => chainItems(chain)),
    ),
    h(
      "ol.fall",
      { class: reorder.lift && "lifting" },
      entries.map((name, index) => row(chain, entries, name, index, landing)),
      poolRow(chain),
    ),
    h(
      "div.after-fall",
      action("+ add an entry", () => addEntries(chain)),
    ),
  );
}

function row(chain, entries, name, index, landing) {
  const entry = entryOf(name);
  const { at, offset, lifted } = reorder.of(index);
  const place = placeOf(at, landing);
  const lands = place === "landing";
  const style = offset || lifted ? { transform: `translate(${lifted ? 6 : 0}px, ${offset}px)` } : {};
  return fallRow(
    name,
    place,
    { class: [!isUsable(entry) && "spent", lifted && "lifted"], style },
    signOf(entry, lands),
    h("span.position", at + 1),
    entryName(name),
    stateOf(entry, lands),
    menuButton(`actions for ${name}`, () => rowItems(chain, entries, index)),
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

function rowItems(chain, entries, index) {
  const name = entries[index];
  const move = (to) => () =>
    rewrite(chain, moved(entries, index, to), "move", `${name.split("/")[0]} moved to ${to + 1}`);
  return [
    ["move up", move(index - 1), whyNow() || (index === 0 ? "it is the first" : "")],
    ["move down", move(index + 1), whyNow() || (index === entries.length - 1 ? "it is the last" : "")],
    ["remove", () => removeEntry(chain, entries, name), whyNow()],
    ...(isGone(name) ? [["replace", () => replaceEntry(name), whyNow()]] : []),
    ...entryItems(name),
  ];
}

const chainItems = (chain) => [
  ["rename", () => rename(chain), whyNow()],
  ["duplicate", () => duplicate(chain), whyNow()],
  ["delete", () => remove(chain), whyNow() || (chain.default ? `${chain.name} is routing.default_chain` : "")],
];

function aside(chain) {
  const { order, landing } = picture(chain);
  const wait = chain.max_wait_s !== null && `waits up to ${span(chain.max_wait_s * 1000)}`;
  const more = [chain.local_only && "local only", wait].filter(Boolean);
  return h(
    "div.aside",
    section("the next request", "dry run, nothing is sent", h("p", nextInWords(chain, order, landing))),
    section(
      "clients",
      "",
      h(
        "p",
        chain.models.length ? "ask for one of " : "ask for model ",
        h("b", [chain.name, ...chain.models].join(", ")),
      ),
      more.length > 0 && h("p.muted", more.join(" · ")),
    ),
    changesMade(),
  );
}

/** Write a chain's entries, shown so from now on. */
async function rewrite(chain, entries, what, said) {
  pending = { chain: chain.name, entries };
  redraw();
  await change("PUT", named("chains", chain.name), { entries }, what, said, chain.version);
  pending = null;
  redraw();
}

async function removeEntry(chain, entries, name) {
  const rest = entries.filter((one) => one !== name);
  if (rest.length) return rewrite(chain, rest, "removal", `Removed ${name} from ${chain.name}`);
  if (!chain.default) return remove(chain, `${chain.name} has no other entry.`);
  return toast(`${name} is the only entry of ${chain.name}, the default chain. Add another one first.`, "low");
}

async function addEntries(chain) {
  const picked = await pickEntries(`add to ${chain.name}`, chain.entries, "Add");
  if (!picked?.length) return;
  const what = picked.length === 1 ? picked[0] : `${picked.length} entries`;
  await rewrite(chain, [...chain.entries, ...picked], "addition", `Added ${what} to ${chain.name}`);
}

/** A model that is gone gives way to another one, in every chain that holds it. */
async function replaceEntry(name) {
  const [other] = (await pickEntries(`replace ${name}`, [name], "Replace", { near: name })) ?? [];
  if (!other) return;
  for (const called of live.chains.filter((one) => one.entries.includes(name)).map((one) => one.name)) {
    const chain = live.chains.find((one) => one.name === called);
    const entries = [...new Set(chain.entries.map((one) => (one === name ? other : one)))];
    await rewrite(chain, entries, "replacement", `Replaced ${name} by ${other} in ${called}`);
  }
}

const nameFault = (name) => {
  if (!NAME.test(name)) return "1 to 64 letters, digits, dots, dashes or underscores.";
  return live.chains.some((chain) => chain.name === name) ? `There is a chain ${name} already.` : "";
};

async function newChain() {
  const name = await asked("new chain", "name", live.chains.length ? "" : "free", "Choose its entries", nameFault);
  const entries = name && (await pickEntries(`entries of ${name}`, [], "Make the chain"));
  if (entries?.length) await create(name, entries, `Made chain ${name}`);
}

async function duplicate(chain) {
  const name = await asked(`duplicate ${chain.name}`, "name of the copy", `${chain.name}-2`, "Duplicate", nameFault);
  if (name) await create(name, chain.entries, `Made chain ${name}, a copy of ${chain.name}`);
}

async function create(name, entries, said) {
  if (await change("POST", "api/chains", { name, entries }, "chain", said)) location.hash = addressOf(name);
}

async function rename(chain) {
  const fault = (text) => (text === chain.name ? "That is its name." : nameFault(text));
  const name = await asked(`rename ${chain.name}`, "name", chain.name, "Rename", fault);
  if (!name) return;
  const said = `Renamed ${chain.name} to ${name}`;
  if (await change("PUT", named("chains", chain.name), { name }, "name", said, chain.version))
    location.hash = addressOf(name);
}

async function remove(chain, why = "Programs that ask for it get the default chain.") {
  const lines = [why, "Its providers stay. Requests that run on it end normally."];
  if (!(await confirmed(`delete chain ${chain.name}?`, lines, `Delete ${chain.name}`))) return;
  const said = `Deleted chain ${chain.name}`;
  if (await change("DELETE", named("chains", chain.name), undefined, "removal", said, chain.version))
    location.hash = "chains";
}
