// The dashboard: where does the next request go?

import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { chainHead, entryRow, figures, placeOf, poolRow } from "./chain_view.js";
import { clearEntry, copyText, entryMenu, tryEntry } from "./entry_actions.js";
import { isLost, live } from "./live.js";
import { button, empty, heading } from "./parts.js";
import { requestHead, requestRow } from "./request_table.js";

const ROWS = 12;

let open = null;

export const board = {
  title: "Board",
  draw() {
    return [
      figures(),
      live.chains.length ? live.chains.map(chainOf) : noChain(),
      h(
        "section.last",
        { key: "last" },
        heading("last requests", h("a", { href: "#requests" }, "all requests")),
        lastRequests(),
      ),
    ];
  },
};

function chainOf(chain) {
  const landing = chain.entries.indexOf(chain.next);
  return h(
    "section",
    { key: `chain ${chain.name}`, class: "chain" },
    chainHead(chain, chain.waiting > 0 && h("span.low.small", `${chain.waiting} waiting`)),
    h(
      "ol.fall",
      chain.entries.map((name, index) =>
        entryRow(name, placeOf(index, landing), {
          open: open === `${chain.name} ${name}`,
          toggle: () => toggle(`${chain.name} ${name}`),
          menu: (at) => entryMenu(at, name),
          actions: actions(name),
        }),
      ),
      poolRow(chain),
    ),
  );
}

function toggle(which) {
  open = open === which ? null : which;
  redraw();
}

function actions(name) {
  const disabled = isLost();
  return h(
    "div.buttons",
    button("Test", () => tryEntry(name), { disabled }),
    button("Clear cooldown", () => clearEntry(name), { disabled }),
    button("Copy name", () => copyText(name, `Copied ${name}`)),
  );
}

function lastRequests() {
  if (!live.requests.length) {
    return empty(
      `No request yet. Point a program at ${live.status.base_url}, or `,
      h("a", { href: "#test" }, "test a prompt"),
      ".",
    );
  }
  return h(
    "table",
    { role: "table", class: "requests", "aria-label": "last requests" },
    requestHead(),
    h(
      "tbody",
      { role: "rowgroup" },
      live.requests.slice(0, ROWS).map((one) => requestRow(one)),
    ),
  );
}

function noChain() {
  const ready = live.providers?.length > 0;
  return h(
    "section",
    { key: "empty", class: "chain" },
    heading("no chain yet", "", { lead: h("span.ledge", { "aria-hidden": "true" }) }),
    h(
      "p",
      "A chain is a list of models in the order you like. A request takes the first one that has free budget left.",
    ),
    h(
      "ul.steps",
      h("li", h("a", { href: "#providers?add=" }, "add a provider"), ready ? ` · ${live.providers.length} there` : ""),
      h("li", ready ? h("a", { href: "#chains?new=" }, "make a chain") : "make a chain: needs a provider first"),
    ),
  );
}
