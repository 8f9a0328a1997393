// Tracks of curves: numbers that stay until they change.

/**
 * One track of several curves: `lines` are {name, at, values, colour, dash}.
 */
function curvesRow({ name, title, lines, height = 76 }) {
  const plot = svg("svg", { class: "plot", height, role: "img", "aria-label": curvesInWords(title, lines) });
  return {
    name, title, plot,
    draw(scale) {
      const top = Math.max(1, ...lines.map((one) => highest(one, scale)));
      const high = niceTop(top), y = (value) => height - 4 - (value / high) * (height - 14);
      plot.replaceChildren(grid(scale, height), ...levels(high, y, scale),
        ...lines.map((one) => svg("path", {
          d: stairs(one, scale, y), class: `curve stroke-${one.colour} dash-${one.dash}`,
          "data-server": one.name,
        })));
    },
    read(time) {
      return lines.map((one) => ({
        name: one.name, kind: `fill-${one.colour}`, words: plain(valueAt(one, time)),
      }));
    },
  };
}

function valueAt({ at, values }, time) {
  const place = placeOf(at, time);
  if (at[place] === time) return values[place];
  return place ? values[place - 1] : 0;
}

function highest({ at, values }, scale) {
  let top = 0;
  const end = placeOf(at, scale.to);
  for (let n = Math.max(0, placeOf(at, scale.from) - 1); n < end; n++)
    if (values[n] > top) top = values[n];
  return top;
}

/** 1, 2, 4, 5, 8 or 10 times a power of ten: halves of it are whole as soon as it is above 1. */
function niceTop(top) {
  const power = 10 ** Math.floor(Math.log10(top));
  return [1, 2, 4, 5, 8, 10].map((one) => one * power).find((one) => one >= top * (1 - 1e-9));
}

/** The lowest and the highest level, with the latter's number. */
function levels(high, y, scale, words = plain(high)) {
  return [
    svg("path", { d: `M0 ${y(0)}H${scale.width}M0 ${y(high)}H${scale.width}`, class: "level" }),
    svg("text", { x: 4, y: y(high) - 2, class: "level" }, words),
  ];
}

/** A path by steps; of several changes within a pixel, the lowest, the highest and the last. */
function stairs({ at, values }, scale, y) {
  const end = Math.min(at.length, placeOf(at, scale.to) + 1);
  let place = Math.max(0, placeOf(at, scale.from) - 1);
  if (place >= at.length) return "";
  const parts = [`M${scale.clipped(at[place]).toFixed(1)} ${y(values[place]).toFixed(1)}`];
  while (++place < end) {
    const x = scale.clipped(at[place]);
    let low = values[place], high = low, count = 1;
    while (place + 1 < end && scale.x(at[place + 1]) < x + 0.5) {
      place++;
      count++;
      low = Math.min(low, values[place]);
      high = Math.max(high, values[place]);
    }
    parts.push(`H${x.toFixed(1)}`);
    if (count > 2) parts.push(`V${y(low).toFixed(1)}V${y(high).toFixed(1)}`);
    parts.push(`V${y(values[place]).toFixed(1)}`);
  }
  parts.push(`H${scale.width + 4}`);
  return parts.join("");
}

function curvesInWords(title, lines) {
  const parts = lines.map((one) => `${one.name} at most ${one.values.reduce((a, b) => Math.max(a, b), 0)}`);
  return `${title}: ${parts.join(", ")}`;
}
