// What stands around every view: the brand and the way between views, how the instance is, notices.

import { h, redraw } from "./dom.js";
import { help } from "./help.js";
import { isLost, live, now } from "./live.js";
import { link, muted, switchOf, wordButton } from "./parts.js";
import { prefer, preferred, THEMES } from "./preferences.js";
import { grouped, span } from "./words.js";

const DIMMED_AFTER = 5000;
const SLOW_LOOP = 50;

/** The mark: a line that falls one step. */
export const brand = () => [
  h(
    "svg.mark",
    { viewBox: "0 0 25 21", width: 25, height: 21, "aria-hidden": "true" },
    h("path", { d: "M0 4H13V17H25" }),
  ),
  h("span", h("b", "429"), "chain"),
];

/** The whole page: `content` is the view's, `views` by the name in their address. */
export function frame(views, route, content, signOut) {
  const stale = isLost() && Date.now() - live.heardAt > DIMMED_AFTER;
  const way = Object.entries(views).map(([name, view]) =>
    h("a", { key: name, href: `#${name}`, "aria-current": name === route.name ? "page" : null }, view.title),
  );
  return [
    h("header.top", h("a.brand", { href: "#board" }, brand()), h("nav", { "aria-label": "views" }, way), instance()),
    h("div.notices", notices(route)),
    h(
      `main.view-${route.name}#content`,
      { class: stale && "stale" },
      h("h1.unseen", { tabindex: -1 }, views[route.name].title),
      content,
    ),
    foot(signOut),
  ];
}

function instance() {
  if (isLost())
    return h(
      "p.instance.low",
      { role: "status" },
      h("span", { "aria-hidden": "true" }, "◔ "),
      "reconnecting",
      h("span.detail-word", `, last state ${span(Date.now() - live.heardAt)} old`),
    );
  const { counts, base_url: address } = live.status;
  const { hostname, port } = new URL(address);
  const some = counts.entries ? "all entries usable" : "no entries yet";
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
    h("span.outs", counts.entries_out ? [h("b.out", counts.entries_out), ` of ${counts.entries} out`] : some),
  );
}

/** What is wrong with the whole: an edit that is not in force, a restart that is due, a sick log. */
function notices({ name }) {
  const { status } = live;
  const { config_error: error, config_warnings: warnings, restart_keys: restart, log_rows_lost: lost } = status;
  const soFar = lost ? ` (${grouped(lost)} so far)` : "";
  return [
    error && notice("out", "alert", ...error.split("\n").map(faultLine), muted("The last good configuration runs.")),
    restart.length > 0 &&
      notice("low", "status", `! ${restart.join(", ")} changed in config.toml. It takes effect at the next start.`),
    !status.log_healthy &&
      notice(
        "out",
        "alert",
        `! The request log cannot be written. Requests are served; their log lines are lost until it can${soFar}.`,
      ),
    // What the config merely lacks is of interest where it can be given.
    warnings.length > 0 && name === "providers" && notice("low", null, ...warnings.map(faultLine)),
  ];
}

const notice = (kind, role, ...lines) =>
  h(
    `div.notice.${kind}`,
    { role },
    lines.map((line) => h("p", line)),
  );

/** `config.toml:14:` stands out, what is wrong follows. */
function faultLine(line) {
  const [, place, words] = /^(.*?:\d+:)?(.*)$/s.exec(line);
  return ["! ", place && h("b", place.replace(/^.*[\\/]/, "")), words];
}

function foot(signOut) {
  const { version, config_path: path, loop_lag_ms: lag, uptime_s: uptime, time } = live.status;
  const choose = (theme) => {
    prefer("theme", theme);
    redraw();
  };
  return h(
    "footer",
    h(
      "p.muted",
      `429chain ${version} · up ${span(uptime * 1000 + now() - Date.parse(time))} · loop lag `,
      h("span", { class: lag > SLOW_LOOP && "low" }, `${Math.round(lag)} ms`),
      path && h("span.path", { title: path }, ` · ${path}`),
    ),
    h(
      "p.choices",
      switchOf(
        "theme",
        THEMES.map((name) => [name]),
        preferred("theme"),
        choose,
      ),
      wordButton("keys", help),
      link("api/openapi.json", "API"),
      link("metrics", "metrics"),
      wordButton("sign out", signOut),
    ),
  );
}
