// The time axis that all tracks share.

/** Which times are shown, over how many pixels. */
class Scale {
  constructor(from, to, width) {
    this.from = from;
    this.to = to;
    this.width = width;
  }

  x(time) {
    return ((time - this.from) / (this.to - this.from)) * this.width;
  }

  /** Kept near what is shown: drawing far outside costs, and loses digits. */
  clipped(time) {
    return Math.min(this.width + 4, Math.max(-4, this.x(time)));
  }

  time(x) {
    return this.from + (x / this.width) * (this.to - this.from);
  }

  get perPixel() {
    return (this.to - this.from) / this.width;
  }
}

/** The smallest of 1, 2 and 5 times a power of ten that is not below `least`. */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least * (1 - 1e-9));
}

/** Steps of a time axis: those, and of a minute and more what divides minutes. */
function timeStep(least) {
  const long = [60, 120, 300, 600, 1200, 1800, 3600].map((one) => one * SECOND);
  const nice = niceStep(least);
  return nice <= 50 * SECOND ? nice : (long.find((one) => one >= least) ?? nice);
}

const APART = 70;  // pixels from tick to tick at least

/** Times of the axis' ticks, so far apart that their words do not touch. */
function ticksOf(scale) {
  const least = timeStep(scale.perPixel * APART);
  // The first one begins where it would be in the middle otherwise.
  const room = 1.5 * widthOf(`${moment(scale.to, least).replace(/\d/g, "0")} s`) + 8;
  const step = room > APART ? timeStep(scale.perPixel * room) : least;
  const ticks = [];
  for (let n = Math.ceil(scale.from / step); n * step <= scale.to; n++) ticks.push(n * step);
  return { step, ticks };
}

function drawAxis(plot, scale) {
  const { step, ticks } = ticksOf(scale);
  plot.replaceChildren(...ticks.flatMap((time, n) => {
    const x = scale.x(time);
    const anchor = x < 12 ? "start" : x > scale.width - 18 ? "end" : "middle";
    return [
      svg("line", { x1: x, x2: x, y1: 18, y2: 24, class: "tick" }),
      svg("text", { x, y: 13, "text-anchor": anchor, class: "tick" },
        `${moment(time, step)}${n ? "" : " s"}`),
    ];
  }));
}

/** The lines of the axis' ticks, for a track of this height. */
function grid(scale, height) {
  const path = ticksOf(scale).ticks.map((time) => `M${scale.x(time).toFixed(1)} 0V${height}`);
  return svg("path", { d: path.join(""), class: "grid" });
}
