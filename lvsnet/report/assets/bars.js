// Tracks of bars: what was so from when to when.

const LOWEST = 14;  // pixels of a bar that words fit in
const LEAST = 1.5;  // pixels of a bar that lasted next to no time

/**
 * A row of bars. `spans` are [from, to, what]; `look(what)` gives the bar's class and its words;
 * `server` is the real server that the row is about.
 */
function barsRow({ name, title, spans, height = 16, look, server = null, ...more }) {
  const plot = svg("svg", {
    class: "plot", height, role: "img", "aria-label": inWords(title, spans, look),
    "data-server": server,
  });
  return {
    name, title, plot, ...more,
    draw(scale) {
      const shown = spans.filter(([from, to]) => to >= scale.from && from <= scale.to);
      plot.replaceChildren(grid(scale, height), ...bars(shown, scale, height, look));
    },
    read(time) {
      const found = spans.filter(([from, to]) => from <= time && time < to);
      return found.map(([, , what]) => ({ name, ...look(what) }));
    },
  };
}

/** A bar that failed is seen, however short it was. */
const LEAST_OF = { "step-failed": 5 };

function bars(spans, scale, height, look) {
  const found = [];
  let last = -Infinity;
  for (const [from, to, what] of spans) {
    const begin = scale.clipped(from), end = scale.clipped(to);
    const { kind, words } = look(what);
    const least = LEAST_OF[kind] ?? LEAST;
    // Of many that fall together one is drawn.
    if (end - begin < LEAST && end - last < 0.5 && least === LEAST) continue;
    last = end;
    const width = Math.max(least, end - begin);
    found.push(svg("rect", {
      x: Math.min(begin, Math.max(0, scale.width - width)).toFixed(2), y: 1, width: width.toFixed(2), height: height - 2, class: `bar ${kind}`,
    }));
    const room = Math.min(end, scale.width) - Math.max(begin, 0) - 8;
    const text = height < LOWEST ? "" : fitting(words, room);
    if (text)
      found.push(svg("text", {
        x: Math.max(begin, 0) + 4, y: height / 2, class: `word ${kind}`,
      }, text));
  }
  return found;
}

/** As much of a text as has room; nothing if that would not say anything. */
function fitting(text, room) {
  if (room < 8) return "";
  const width = widthOf(text);
  if (width <= room) return text;
  const letters = Math.floor((text.length * room) / width);
  return letters >= 8 ? `${text.slice(0, letters - 1)}…` : "";
}

function inWords(title, spans, look) {
  const parts = spans.slice(0, 20).map(([from, to, what]) =>
    `${look(what).words} from ${moment(from)} to ${moment(to)} s`);
  const more = spans.length > 20 ? `, and ${spans.length - 20} more` : "";
  return `${title}: ${parts.join(", ") || "nothing"}${more}`;
}

const VRRP = {
  master: "MASTER", backup: "BACKUP", fault: "FAULT", stopped: "stopped", off: "off",
};

function vrrpLook(state) {
  return { kind: `vrrp-${state in VRRP ? state : "other"}`, words: VRRP[state] ?? state };
}

function weightLook(colour) {
  return (weight) => ({
    kind: weight === "0" ? "weight-0" : `fill-${colour}`,
    words: weight === "?" ? "in" : `weight ${weight}`,
  });
}

function stepLook(steps) {
  return (n) => ({ kind: `step-${steps[n].state}`, words: steps[n].text });
}
