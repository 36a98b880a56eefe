// Moving a row of a list by hand: with mouse or finger on its grip, or with keys.

import { redraw } from "./dom.js";
import { announce } from "./toast.js";

const EDGE = 60;
const SCROLL_STEP = 9;

/** The list with the item at `from` moved to `to`. */
export function moved(list, from, to) {
  const rest = [...list];
  rest.splice(to, 0, ...rest.splice(from, 1));
  return rest;
}

/** Where a row that was lifted at `from` and moved by `offset` pixels comes down. */
export function target(from, offset, rowHeight, length) {
  return Math.max(0, Math.min(length - 1, from + Math.round(offset / rowHeight)));
}

/**
 * One list whose rows can be moved. `save(order, item, to, version)` is called once, on the drop of a
 * changed order; `version` is that of the list when the row was lifted.
 * While a row is lifted the elements stay where they are and only seem to move: an element that is
 * taken out of the document loses its pointer.
 */
export class Reorder {
  constructor(save) {
    this.save = save;
    this.lift = null;
  }

  /** What a row has to know: where it seems to stand, how far it is moved, whether it is lifted. */
  of(index) {
    const { lift } = this;
    if (lift === null) return { at: index, offset: 0, lifted: false };
    if (index === lift.from)
      return {
        at: lift.to,
        offset: lift.by === "pointer" ? lift.offset : (lift.to - lift.from) * lift.rowHeight,
        lifted: true,
      };
    const at = moved([...lift.items.keys()], lift.from, lift.to).indexOf(index);
    return { at, offset: (at - index) * lift.rowHeight, lifted: false };
  }

  /** The order as it would be after a drop now. */
  order(items) {
    return this.lift ? moved(this.lift.items, this.lift.from, this.lift.to) : items;
  }

  /** The handlers of the grip of row `index` among `items`; `name` is what a listener hears. */
  grip(items, index, name, version) {
    return {
      onpointerdown: (event) => this.grab(event, items, index, version),
      onpointermove: (event) => this.drag(event),
      onpointerup: (event) => this.release(event),
      onpointercancel: () => this.cancel(),
      onkeydown: (event) => this.press(event, items, index, name, version),
      onblur: () => this.lift?.by === "keys" && this.cancel(),
      onclick: (event) => event.preventDefault(),
    };
  }

  begin(by, event, items, index, version) {
    const row = event.currentTarget.closest("li");
    this.lift = { by, version, items: [...items], from: index, to: index, offset: 0, rowHeight: row.offsetHeight };
    redraw();
  }

  grab(event, items, index, version) {
    if (event.button !== 0 || this.lift) {
      if (this.lift) this.cancel();
      return;
    }
    event.currentTarget.setPointerCapture(event.pointerId);
    this.begin("pointer", event, items, index, version);
    Object.assign(this.lift, { start: event.clientY + scrollY, at: event.clientY });
    addEventListener("keydown", this.escape, true);
    this.scrolling = requestAnimationFrame(() => this.scroll());
  }

  drag(event) {
    if (this.lift?.by !== "pointer") return;
    this.lift.at = event.clientY;
    this.follow();
  }

  follow() {
    const { lift } = this;
    lift.offset = lift.at + scrollY - lift.start;
    lift.to = target(lift.from, lift.offset, lift.rowHeight, lift.items.length);
    redraw();
  }

  // A list that is longer than the window comes along at its edges.
  scroll() {
    if (this.lift?.by !== "pointer") return;
    const { at } = this.lift;
    const step = at < EDGE ? -SCROLL_STEP : at > innerHeight - EDGE ? SCROLL_STEP : 0;
    if (step) {
      scrollBy(0, step);
      this.follow();
    }
    this.scrolling = requestAnimationFrame(() => this.scroll());
  }

  release() {
    if (this.lift?.by === "pointer") this.drop();
  }

  escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    this.cancel();
  };

  press(event, items, index, name, version) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const lifted = this.lift?.by === "keys";
    if (event.key === " " || event.key === "Enter") {
      if (lifted) {
        announce(`${name} dropped at ${this.lift.to + 1}.`);
        this.drop();
      } else {
        this.begin("keys", event, items, index, version);
        announce(
          `${name} lifted from ${index + 1} of ${items.length}. Arrows move it, space drops it, escape puts it back.`,
        );
      }
    } else if (event.key === "Escape" && lifted) {
      announce(`${name} is back at ${this.lift.from + 1}.`);
      this.cancel();
    } else if (step && lifted) {
      this.lift.to = Math.max(0, Math.min(items.length - 1, this.lift.to + step));
      announce(`${name} to ${this.lift.to + 1} of ${items.length}.`);
      redraw();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  drop() {
    const { items, from, to, version } = this.lift;
    this.end();
    if (from !== to) this.save(moved(items, from, to), items[from], to, version);
  }

  cancel() {
    if (this.lift) this.end();
  }

  end() {
    this.lift = null;
    removeEventListener("keydown", this.escape, true);
    cancelAnimationFrame(this.scrolling);
    redraw();
  }
}
