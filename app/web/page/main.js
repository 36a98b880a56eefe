// The page: signing in, the way between the views, and what stands around them.

import { call, told, whenSignedOut } from "./api.js";
import { board } from "./board.js";
import { chains } from "./chains.js";
import { h, isNarrow, paintWith, redraw, render } from "./dom.js";
import { frame } from "./frame.js";
import { help } from "./help.js";
import { forget, start, watchVisibility } from "./live.js";
import { watchEntries } from "./news.js";
import { applyTheme, preferred } from "./preferences.js";
import { promptView } from "./prompt.js";
import { providers } from "./providers.js";
import { requests } from "./requests.js";
import { signIn } from "./sign_in.js";
import { stats } from "./stats.js";
import { tellError } from "./toast.js";

const VIEWS = { board, chains, requests, test: promptView, providers, stats };
const FAILED_PAUSE = 2000;

let signedIn = false;
let fault = null;
let listAt = 0;
let route = readRoute();

/** `#requests/ID?chain=free` as `{ name, id, query }`. */
function readRoute() {
  const [path, search = ""] = location.hash.slice(1).split("?");
  const [name, ...id] = path.split("/");
  return { name: name in VIEWS ? name : "board", id: decoded(id.join("/")), query: new URLSearchParams(search) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function follow() {
  const next = readRoute();
  const moved = next.name !== route.name;
  const turned = !moved && isNarrow() && next.id !== route.id;
  if (turned && !route.id) listAt = scrollY;
  if (moved) VIEWS[route.name].leave?.();
  route = next;
  if (!signedIn) return;
  VIEWS[route.name].enter?.(route);
  redraw();
  if (moved) scrollTo(0, 0);
  requestAnimationFrame(() => {
    if (turned) scrollTo(0, route.id ? 0 : listAt);
    lead(moved);
  });
}

/** Focus goes along: to the view's name, which is heard and not seen, or to what covers the list. */
function lead(moved) {
  const hidden = document.activeElement?.offsetParent === null;
  const target = moved ? "h1" : hidden && route.id ? ".side a" : "";
  if (target) document.querySelector(target)?.focus({ preventScroll: true });
}

function paint() {
  const root = document.getElementById("page");
  const view = VIEWS[route.name];
  if (fault) return render(root, h("main.alone#content", h("h1", "429chain"), h("p.low", fault)));
  if (!signedIn) return render(root, signIn(enter));
  document.title = `${view.title} · 429chain`;
  return render(root, frame(VIEWS, route, view.draw(route), signOut));
}

async function enter() {
  try {
    await start();
    fault = null;
    signedIn = true;
    VIEWS[route.name].enter?.(route);
  } catch (error) {
    fault = error.status === 401 ? null : told(error);
    if (fault) setTimeout(enter, FAILED_PAUSE);
  }
  redraw();
}

async function signOut() {
  await call("DELETE", "api/session").catch(tellError);
  leave();
}

function leave() {
  if (signedIn) VIEWS[route.name].leave?.();
  signedIn = false;
  forget();
  redraw();
}

function pressed(event) {
  const typing = event.target.closest("input, textarea, select, dialog, [contenteditable]");
  if (!signedIn || typing || event.ctrlKey || event.metaKey || event.altKey || preferred("keys") === "off") return;
  const name = Object.keys(VIEWS)[Number(event.key) - 1];
  if (name) location.hash = name;
  else if (event.key === "/" && VIEWS[route.name].find?.()) event.preventDefault();
  else if (event.key === "?") help();
}

/** A token in the fragment, which no browser sends: exchanged for a session, and erased. */
async function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  history.replaceState(null, "", location.pathname);
  await call("POST", "api/session", { token }).catch(tellError);
}

paintWith(paint);
whenSignedOut(leave);
watchEntries();
watchVisibility();
applyTheme();
addEventListener("hashchange", follow);
addEventListener("keydown", pressed);
await takeToken();
route = readRoute();
await enter();
