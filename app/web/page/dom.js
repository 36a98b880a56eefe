// Elements described as values, and the one place that brings them into the document.
// What is no element becomes a text node, so nobody's words are ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";
const LIVE = new Set(["value", "checked", "selected", "indeterminate"]);
const remembered = new WeakMap();

/**
 * An element to be: `h("button.quiet", { onclick: save }, "Save")`; the properties may be left out.
 * `key` gives it an identity among its siblings, `style` is an object of CSS properties.
 */
export function h(name, ...rest) {
  const [first] = rest;
  const described = typeof first === "object" && first !== null && !Array.isArray(first) && !("tag" in first);
  const { class: more, ...props } = described ? rest.shift() : {};
  const [tag, ...classes] = name.split(".");
  const all = [...classes, more].filter(Boolean).join(" ");
  return { tag, props: all ? { class: all, ...props } : props, children: listed(rest) };
}

function listed(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false && child !== "");
}

/** Make `root` hold what is described. Elements that fit are kept, with their focus and scroll. */
export function render(root, ...children) {
  const focused = document.activeElement;
  patchChildren(root, listed(children), root.namespaceURI === SVG);
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

function patchChildren(parent, wanted, inSvg) {
  const spare = new Map();
  for (const node of [...parent.childNodes]) {
    const name = identity(node);
    if (spare.has(name)) spare.get(name).push(node);
    else spare.set(name, [node]);
  }
  let place = parent.firstChild;
  for (const child of wanted) {
    const node = spare.get(wantedIdentity(child))?.shift() ?? created(child, inSvg);
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
    if (typeof child !== "object") {
      if (node.data !== String(child)) node.data = String(child);
    } else {
      patchElement(node, child, inSvg);
    }
  }
  for (const nodes of spare.values()) for (const node of nodes) node.remove();
}

function identity(node) {
  const known = remembered.get(node);
  return known ? known.name : node.nodeType === Node.TEXT_NODE ? "#text" : `?${node.nodeName}`;
}

function wantedIdentity(child) {
  return typeof child !== "object" ? "#text" : `${child.tag} ${child.props.key ?? ""}`;
}

function created(child, inSvg) {
  if (typeof child !== "object") return document.createTextNode(String(child));
  const node =
    inSvg || child.tag === "svg" ? document.createElementNS(SVG, child.tag) : document.createElement(child.tag);
  remembered.set(node, { name: wantedIdentity(child), props: {} });
  return node;
}

function patchElement(node, description, inSvg) {
  const memory = remembered.get(node);
  // The same description again, from one who keeps it: nothing has changed.
  if (memory.description === description) return;
  const { tag, props, children } = description;
  const before = memory.props;
  const fresh = memory.description === undefined;
  Object.assign(memory, { props, description });
  for (const name of Object.keys(before)) if (!(name in props)) set(node, name, undefined, before[name]);
  for (const [name, value] of Object.entries(props)) if (!LIVE.has(name)) set(node, name, value, before[name]);
  patchChildren(node, children, inSvg || tag === "svg");
  // After its options, or a select has nothing to choose; and only when it is meant to change, or
  // what a person types would be taken back.
  for (const name of LIVE) if (name in props && props[name] !== before[name]) node[name] = props[name];
  if (fresh && props.autofocus) node.focus();
}

function set(node, name, value, before) {
  if (name === "key" || value === before) return;
  if (name === "style") return setStyle(node, value ?? {}, before ?? {});
  // What a handler returns is nothing to the browser: false would undo what was clicked.
  if (name.startsWith("on"))
    node[name] = value
      ? (event) => {
          value(event);
        }
      : null;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function setStyle(node, style, before) {
  for (const name of Object.keys(before)) if (!(name in style)) node.style.removeProperty(name);
  for (const [name, value] of Object.entries(style)) if (before[name] !== value) node.style.setProperty(name, value);
}
