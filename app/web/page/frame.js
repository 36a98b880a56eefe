// What stands around every view: the brand and the way between views, how the instance is, notices.

import { h } from "./dom.js";
import { redraw } from "./draw.js";
import { help } from "./help.js";
import { isLost, live, now } from "./live.js";
import { switchOf } from "./parts.js";
import { preferred } from "./preferences.js";
import { grouped, span } from "./words.js";

const DIMMED_AFTER = 5000;

/** The mark: a line that falls one step. */
export function brand() {
  return [
    h(
      "svg.mark",
      { viewBox: "0 0 25 21", width: 25, height: 21, "aria-hidden": "true" },
      h("path", { d: "M0 4H13V17H25" }),
    ),
    h("span", h("b", "429"), "chain"),
  ];
}

/** The whole page: `content` is the view's, `views` by the name in their address. */
export function frame(views, route, content, { signOut }) {
  const stale = isLost() && Date.now() - live.heardAt > DIMMED_AFTER;
  return [
    h(
      "header.top",
      h("a.brand", { href: "#board" }, brand()),
      h(
        "nav",
        { "aria-label": "views" },
        Object.entries(views).map(([name, view]) =>
          h(
            "a",
            {
              key: name,
              href: `#${name}`,
              "aria-current": name === route.name ? "page" : null,
            },
            view.title,
          ),
        ),
      ),
      instance(),
    ),
    notices(route),
    h(
      "main",
      { id: "content", class: `view-${route.name} ${stale ? "stale" : ""}` },
      h("h1.unseen", { tabindex: -1 }, views[route.name].title),
      content,
    ),
    foot(signOut),
  ];
}

function instance() {
  if (isLost()) {
    const age = span(Date.now() - live.heardAt);
    return h(
      "p.instance.low",
      { role: "status" },
      h("span", { "aria-hidden": "true" }, "◔ "),
      h("span", "reconnecting"),
      h("span.detail-word", `, last state ${age} old`),
    );
  }
  const { counts, base_url: address } = live.status;
  const { hostname, port } = new URL(address);
  return h(
    "p.instance",
    h(
      "span",
      { title: address },
      h("span.flow", { "aria-hidden": "true" }, "● "),
      h("span.host", hostname),
      `:${port}`,
    ),
    h("span", `${grouped(counts.in_flight)} in flight`),
    h(
      "span.outs",
      counts.entries_out
        ? [h("b.out", counts.entries_out), ` of ${counts.entries} out`]
        : counts.entries
          ? "all entries usable"
          : "no entries yet",
    ),
  );
}

/** What is wrong with the whole: an edit that is not in force, a restart that is due, a sick log. */
function notices(route) {
  const {
    config_error: error,
    config_warnings: warnings,
    restart_keys: restart,
    log_healthy: healthy,
    log_rows_lost: lost,
  } = live.status;
  const rows = [];
  if (error) {
    rows.push(
      h(
        "div",
        { key: "error", class: "notice out", role: "alert" },
        error.split("\n").map((line) => h("p", { key: line }, "! ", faultLine(line))),
        h("p.muted", "The last good configuration runs."),
      ),
    );
  }
  if (restart.length) {
    rows.push(
      h(
        "div",
        { key: "restart", class: "notice low", role: "status" },
        h("p", `! ${restart.join(", ")} changed in config.toml. It takes effect at the next start.`),
      ),
    );
  }
  if (!healthy) {
    rows.push(
      h(
        "div",
        { key: "log", class: "notice out", role: "alert" },
        h(
          "p",
          `! The request log cannot be written. Requests are served; their log lines are lost until it can${lost ? ` (${grouped(lost)} so far)` : ""}.`,
        ),
      ),
    );
  }
  // What the config merely lacks is of interest where it can be given.
  if (warnings.length && route.name === "providers") {
    rows.push(
      h(
        "div",
        { key: "warnings", class: "notice low" },
        warnings.map((line) => h("p", { key: line }, "! ", faultLine(line))),
      ),
    );
  }
  return rows.length ? h("div.notices", rows) : null;
}

/** `config.toml:14:` stands out, what is wrong follows. */
function faultLine(line) {
  const [, place, words] = /^(.*?:\d+:)?(.*)$/s.exec(line);
  return [place && h("b", place.replace(/^.*[\\/]/, "")), words];
}

function foot(signOut) {
  const { version, config_path: path, loop_lag_ms: lag, uptime_s: uptime } = live.status;
  return h(
    "footer",
    h(
      "p.muted",
      `429chain ${version} · up ${span(uptime * 1000 + now() - Date.parse(live.status.time))} · loop lag `,
      h("span", { class: lag > 50 ? "low" : null }, `${Math.round(lag)} ms`),
      path && h("span.path", { title: path }, ` · ${path}`),
    ),
    h(
      "p.choices",
      switchOf(
        "theme",
        preferred.themes.map((name) => [name, name]),
        preferred.theme(),
        (name) => {
          preferred.useTheme(name);
          redraw();
        },
      ),
      h("button.link", { onclick: help }, "keys"),
      h("a", { href: "api/openapi.json" }, "API"),
      h("a", { href: "metrics" }, "metrics"),
      h("button.link", { onclick: signOut }, "sign out"),
    ),
  );
}
