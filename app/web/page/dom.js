// Elements described as values, the one place that brings them into the document, and when.
// What is no element becomes a text node, so nobody's words are ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";
const LIVE = ["value", "checked", "selected"];
const remembered = new WeakMap();
const selectors = new Map();

/**
 * An element to be: `h("p.small#hint", { title }, "Save")`; the properties may be left out.
 * `key` gives it an identity among its siblings, `class` adds to the selector's (of a list, what is
 * not false), `style` is an object of CSS properties.
 */
export function h(selector, ...rest) {
  const [first] = rest;
  const described = typeof first === "object" && first !== null && !Array.isArray(first) && !("tag" in first);
  const { class: more, ...props } = described ? rest.shift() : {};
  const { tag, id, own } = parsed(selector);
  const all = more ? [own, more].flat().filter(Boolean).join(" ") : own;
  if (all) props.class = all;
  if (id) props.id = id;
  return { tag, props, children: listed(rest) };
}

function parsed(selector) {
  if (!selectors.has(selector)) {
    const [named, id] = selector.split("#");
    const [tag, ...classes] = named.split(".");
    selectors.set(selector, { tag, id, own: classes.join(" ") });
  }
  return selectors.get(selector);
}

const listed = (children) => children.flat(Infinity).filter((child) => child || child === 0);

/** Make `root` hold what is described. Elements that fit are kept, with their focus and scroll. */
export function render(root, ...children) {
  const focused = document.activeElement;
  patchChildren(root, listed(children), root.namespaceURI === SVG);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

function patchChildren(parent, wanted, inSvg) {
  const spare = new Map();
  for (const node of parent.childNodes) {
    const name = remembered.get(node)?.name ?? node.nodeName;
    if (spare.has(name)) spare.get(name).push(node);
    else spare.set(name, [node]);
  }
  let place = parent.firstChild;
  for (const child of wanted) {
    const node = spare.get(identity(child))?.shift() ?? created(child, inSvg);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    if (child.tag) patchElement(node, child, inSvg);
    else if (node.data !== String(child)) node.data = String(child);
  }
  for (const nodes of spare.values()) for (const node of nodes) node.remove();
}

const identity = (child) => (child.tag ? `${child.tag} ${child.props.key ?? ""}` : "#text");

function created(child, inSvg) {
  if (!child.tag) return document.createTextNode(String(child));
  const drawn = inSvg || child.tag === "svg";
  const node = drawn ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  remembered.set(node, { name: identity(child), props: {} });
  return node;
}

function patchElement(node, description, inSvg) {
  const memory = remembered.get(node);
  // The same description again, from one who keeps it: nothing has changed.
  if (memory.description === description) return;
  const { tag, props, children } = description;
  const before = memory.props;
  const fresh = !memory.description;
  Object.assign(memory, { props, description });
  for (const name in before) if (!(name in props)) set(node, name, undefined, before[name]);
  for (const name in props) if (!LIVE.includes(name)) set(node, name, props[name], before[name]);
  patchChildren(node, children, inSvg || tag === "svg");
  // After its options, or a select has nothing to choose; and only when it is meant to change, or
  // what a person types would be taken back.
  for (const name of LIVE) if (name in props && props[name] !== before[name]) node[name] = props[name];
  if (fresh && props.autofocus) node.focus();
}

function set(node, name, value, before) {
  if (name === "key" || value === before) return;
  if (name === "style") setStyle(node, value ?? {}, before ?? {});
  // What a handler returns is nothing to the browser: false would undo what was clicked.
  else if (name.startsWith("on")) node[name] = value ? (event) => void value(event) : null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function setStyle(node, style, before) {
  for (const name in before) if (!(name in style)) node.style.removeProperty(name);
  for (const name in style) if (before[name] !== style[name]) node.style.setProperty(name, style[name]);
}

let paint = () => {};
let asked = false;

/** `draw` is what paints the page from the state that there is. */
export function paintWith(draw) {
  paint = draw;
}

/** Paint again with the next frame: at most once in it, whatever changed. */
export function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    paint();
  });
}

/** Where what is opened covers its list, it is read from its top on. */
export const isNarrow = () => innerWidth <= 1100;
