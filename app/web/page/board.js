// The dashboard: where does the next request go?

import { chainHead, entryRow, placeOf, poolRow, today } from "./chain_view.js";
import { h, redraw } from "./dom.js";
import { clearEntry, copyText, entryItems, tryEntry } from "./entry_actions.js";
import { live } from "./live.js";
import { action, button, heading, ledge, link, menuButton, section } from "./parts.js";
import { noRequest, requestRow, requestTable } from "./request_table.js";

const ROWS = 12;

let open = null;

export const board = {
  title: "Board",
  draw: () => [
    today(),
    live.chains.length ? live.chains.map(chainOf) : noChain(),
    section("last requests", link("#requests", "all requests"), live.requests.length ? lastRequests() : noRequest()),
  ],
};

function chainOf(chain) {
  const landing = chain.entries.indexOf(chain.next);
  return h(
    "section.chain",
    { key: `chain ${chain.name}` },
    chainHead(chain, chain.waiting > 0 && h("span.low.small", `${chain.waiting} waiting`)),
    h(
      "ol.fall",
      chain.entries.map((name, index) => rowOf(chain, name, placeOf(index, landing))),
      poolRow(chain),
    ),
  );
}

function rowOf(chain, name, place) {
  const which = `${chain.name} ${name}`;
  const toggle = () => {
    open = open === which ? null : which;
    redraw();
  };
  const menu = menuButton(`actions for ${name}`, () => entryItems(name));
  return entryRow(name, place, { toggle, menu, detail: open === which && actions(name) });
}

const actions = (name) =>
  h(
    "div.buttons",
    action("Test", () => tryEntry(name)),
    action("Clear cooldown", () => clearEntry(name)),
    button("Copy name", () => copyText(name, `Copied ${name}`)),
  );

const lastRequests = () =>
  requestTable(
    "last requests",
    live.requests.slice(0, ROWS).map((one) => requestRow(one)),
  );

function noChain() {
  const number = live.providers.length;
  return h(
    "section.chain",
    { key: "empty" },
    heading("no chain yet", "", { lead: ledge() }),
    h(
      "p",
      "A chain is a list of models in the order you like. A request takes the first one that has free budget left.",
    ),
    h(
      "ul.steps",
      h("li", link("#providers?add=", "add a provider"), number > 0 && ` · ${number} there`),
      h("li", number ? link("#chains?new=", "make a chain") : "make a chain: needs a provider first"),
    ),
  );
}
