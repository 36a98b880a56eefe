// When to draw: at most once a frame, whatever changed.

let paint = () => {};
let asked = false;

/** `draw` is what paints the page from the state that there is. */
export function paintWith(draw) {
  paint = draw;
}

/** Where what is opened covers its list, it is read from its top on. */
export const isNarrow = () => innerWidth <= 1100;

/** Paint again with the next frame. */
export function redraw() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    paint();
  });
}
