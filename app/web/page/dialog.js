// Questions in front of the page, and menus beside a button.

import { h, render } from "./dom.js";

/** Show a dialog whose body `draw(close, paint)` describes; resolves with what `close` was given. */
export function openDialog(title, draw, { wide = false } = {}) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const element = document.createElement("dialog");
    element.className = wide ? "dialog wide" : "dialog";
    element.setAttribute("aria-labelledby", "dialog-title");
    let answer = null;
    const close = (value = null) => {
      answer = value;
      element.close();
    };
    const paint = () => render(element, h("h2#dialog-title", title), draw(close, paint));
    element.onclose = () => {
      element.remove();
      before?.focus?.();
      resolve(answer);
    };
    element.onclick = (event) => void (event.target === element && close());
    document.body.append(element);
    paint();
    element.showModal();
  });
}

/** The last line of a dialog or form: what it does, and the way out. */
export const verbs = (close, ...main) =>
  h("div.buttons", { key: "verbs" }, main, h("button.button", { type: "button", onclick: () => close() }, "Cancel"));

/** Ask before something that is hard to get back. Resolves with whether to do it; enter alone does not. */
export const confirmed = (title, lines, verb) =>
  openDialog(title, (close) => [
    lines.map((line) => h("p", line)),
    h(
      "div.buttons",
      h("button.button", { autofocus: true, onclick: () => close() }, "Cancel"),
      h("button.button.danger", { onclick: () => close(true) }, verb),
    ),
  ]);

/** Ask for one line of text. `fault(text)` says what is wrong with it, or nothing. */
export function asked(title, label, value, verb, fault) {
  let text = value;
  let wrong = "";
  return openDialog(title, (close, paint) => {
    const done = (event) => {
      event.preventDefault();
      wrong = fault(text);
      if (wrong) paint();
      else close(text);
    };
    return h(
      "form.form",
      { onsubmit: done },
      h("label", { for: "asked" }, label),
      h("input#asked", {
        value,
        autofocus: true,
        autocomplete: "off",
        spellcheck: "false",
        "aria-invalid": wrong ? "true" : null,
        "aria-describedby": "asked-fault",
        oninput: (event) => (text = event.target.value.trim()),
      }),
      h("p.fault#asked-fault", { role: "alert" }, wrong),
      verbs(close, h("button.button.main", verb)),
    );
  });
}

/**
 * A menu under `button`; while it is open, nothing else can be used. `items` are `[word, act, reason]`;
 * one with a reason cannot be chosen.
 */
export function openMenu(button, items) {
  const menu = document.createElement("div");
  const page = document.getElementById("page");
  const close = (focus = true) => {
    menu.remove();
    page.inert = false;
    button.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", outside, true);
    if (focus) button.focus();
  };
  const outside = (event) => menu.contains(event.target) || close(false);
  const choose = (act) => {
    close();
    act();
  };
  menu.className = "menu";
  menu.setAttribute("role", "menu");
  menu.onkeydown = (event) => {
    const all = [...menu.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) all.at((all.indexOf(document.activeElement) + step) % all.length).focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  render(
    menu,
    items.map(([word, act, reason]) =>
      h(
        "button",
        {
          role: "menuitem",
          "aria-disabled": reason ? "true" : null,
          title: reason,
          onclick: () => reason || choose(act),
        },
        word,
        reason && h("small", reason),
      ),
    ),
  );
  document.body.append(menu);
  page.inert = true;
  const { bottom, top, right } = button.getBoundingClientRect();
  const below = bottom + menu.offsetHeight < innerHeight || top < menu.offsetHeight;
  menu.style.setProperty("top", `${(below ? bottom : top - menu.offsetHeight) + scrollY}px`);
  menu.style.setProperty("left", `${Math.max(8, right - menu.offsetWidth) + scrollX}px`);
  button.setAttribute("aria-expanded", "true");
  addEventListener("pointerdown", outside, true);
  menu.querySelector("button").focus();
}
