// Pointer, wheel and keys over the time line, as what they ask for: `acts` does it.

const TAP = 6;  // pixels within which a pointer has not been dragged

/**
 * `acts`: point(x | null), zoom(factor, x), pan(pixels), select(x, x), selecting(x, x | null),
 * reset(), step(pixels), jump(direction).
 */
function listen(layer, acts) {
  const pointers = new Map();
  let begun = null;  // where a mouse went down
  let pinch = null;  // how far two fingers are apart, and their middle
  const place = (event) => event.clientX - layer.getBoundingClientRect().left;

  layer.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    pointers.set(event.pointerId, place(event));
    layer.setPointerCapture(event.pointerId);
    begun = pointers.size === 1 ? place(event) : null;
    pinch = pointers.size === 2 ? spread(pointers) : null;
    acts.selecting(null);
  });
  layer.addEventListener("pointermove", (event) => {
    const x = place(event);
    const before = pointers.get(event.pointerId);
    if (before !== undefined) pointers.set(event.pointerId, x);
    if (pinch && pointers.size === 2) {
      const now = spread(pointers);
      acts.pan(pinch.middle - now.middle);
      acts.zoom(pinch.apart / now.apart, now.middle);
      pinch = now;
    } else if (before === undefined) {
      acts.point(x);
    } else if (event.pointerType === "touch") {
      acts.pan(before - x);
      acts.point(x);
    } else {
      acts.point(x);
      acts.selecting(begun !== null && Math.abs(x - begun) > TAP ? begun : null, x);
    }
  });
  const over = (event) => {
    const x = place(event);
    const alone = pointers.size === 1 && pointers.delete(event.pointerId);
    pointers.delete(event.pointerId);
    pinch = null;
    acts.selecting(null);
    if (event.type !== "pointerup" || !alone || begun === null) return;
    if (Math.abs(x - begun) <= TAP) acts.point(x);
    else if (event.pointerType !== "touch") acts.select(Math.min(begun, x), Math.max(begun, x));
  };
  layer.addEventListener("pointerup", over);
  layer.addEventListener("pointercancel", over);
  layer.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") acts.point(null);
  });
  layer.addEventListener("dblclick", () => acts.reset());
  layer.addEventListener("wheel", (event) => wheel(event, layer, acts, place(event)), {
    passive: false,
  });
  layer.addEventListener("keydown", (event) => key(event, acts));
}

function spread(pointers) {
  const [one, other] = [...pointers.values()];
  return { apart: Math.max(20, Math.abs(one - other)), middle: (one + other) / 2 };
}

const GESTURE = 300;  // milliseconds within which a wheel that turns on is still the same gesture
let scrolled = -Infinity;  // when a wheel last scrolled the page
addEventListener("wheel", (event) => {
  if (!event.defaultPrevented) scrolled = event.timeStamp;
}, { passive: true });

/**
 * A wheel zooms; where there is nothing to zoom out of, the page scrolls on. So it does while the
 * time line only comes by under a page that is being scrolled.
 */
function wheel(event, layer, acts, x) {
  if (!event.ctrlKey && event.timeStamp - scrolled < GESTURE) return;
  const pixels = event.deltaMode === 1 ? 16 : 1;
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
    if (acts.pan((event.deltaX || event.deltaY) * pixels)) event.preventDefault();
    return;
  }
  if (acts.zoom(Math.exp(event.deltaY * pixels * (event.ctrlKey ? 0.01 : 0.002)), x))
    event.preventDefault();
}

function key(event, acts) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const far = event.shiftKey ? 10 : 1;
  const keys = {
    ArrowLeft: () => acts.step(-2 * far), ArrowRight: () => acts.step(2 * far),
    "+": () => acts.zoom(1 / 1.5), "=": () => acts.zoom(1 / 1.5), "-": () => acts.zoom(1.5),
    PageUp: () => acts.pan(-200), PageDown: () => acts.pan(200),
    Home: () => acts.step(-Infinity), End: () => acts.step(Infinity),
    n: () => acts.jump(1), p: () => acts.jump(-1),
    0: () => acts.reset(), Escape: () => acts.reset(),
  };
  if (!(event.key in keys)) return;
  keys[event.key]();
  event.preventDefault();
}
