// Tracks of what happened at one time: faults with their words, and all events by their kind.

/** A row of the run's view as an object. */
function eventOf([at, kind, node, what, subject, text, count, last]) {
  return { at, kind, node, what, subject, text, count, last };
}

/** A key packet as an event is told: its interface is where it was seen. */
function packetOf([at, node, place, kind, text]) {
  return { at, kind, node, place, what: "", subject: "", text, count: 1, last: at };
}

const FLAG = 14;  // pixels of a line of words
const MOST_FLAGS = 6;  // one above the other
const DOT = 2.5;  // pixels of half a dot

/** Faults: a flag for each, in as many lines as they need; what has no room is counted. */
function faultsRow(faults) {
  const height = MOST_FLAGS * FLAG + 2;
  const said = faults.map((one) => `${one.text} at ${moment(one.at)} s`).join(", ");
  const plot = svg("svg", { class: "plot faults", role: "img", "aria-label": `Faults: ${said}` });
  return {
    name: "Faults", title: "Faults", plot,
    draw(scale) {
      const ends = new Array(MOST_FLAGS).fill(-Infinity);
      const children = [];
      let last = null, more = 0;
      let used = 1;
      for (const one of faults) {
        const x = scale.x(one.at);
        if (x < -1 || x > scale.width + 1) continue;
        const words = faultWords(one);
        const width = widthOf(words) + 8;
        const flipped = x + width > scale.width && x > width;
        const from = flipped ? x - width : x;
        const line = ends.findIndex((end) => end <= from);
        if (line < 0) {
          last.textContent = `+ ${++more + 1} faults`;
          continue;
        }
        more = 0;
        ends[line] = from + width + 4;
        used = Math.max(used, line + 1);
        const y = line * FLAG;
        last = svg("text", { x: from + 4, y: y + FLAG / 2 + 0.5, class: "word" }, words);
        children.push(svg("g", { class: `flag ${one.what === "mended" ? "mended" : "put"}` },
          svg("rect", { x: from, y: y + 1, width, height: FLAG - 2 }), last));
      }
      plot.setAttribute("height", Math.min(height, used * FLAG + 2));
      plot.replaceChildren(grid(scale, height), ...children);
    },
    read: () => [],
  };
}

function faultWords(one) {
  return one.subject || one.text.replace(/^fault: /, "");
}

/** Events of one kind: a dot for each that can be told from its neighbour. */
function dotsRow(kind, events) {
  const height = 12, total = events.reduce((sum, one) => sum + one.count, 0);
  const said = events.slice(0, 10).map((one) =>
    `${moment(one.at)} s ${one.node} ${one.text}`).join("; ");
  const plot = svg("svg", {
    class: "plot", height, role: "img", "aria-label": `${kind}, ${total} of them: ${said}`,
  });
  return {
    name: kind, title: `${kind}: ${plain(total)}`, plot,
    draw(scale) {
      const dots = [];
      let last = -Infinity;
      for (const one of events) {
        if (one.last < scale.from || one.at > scale.to) continue;
        const x = inside(one.at, scale);
        if (one.count > 1) dots.push(`M${x.toFixed(1)} 6H${inside(one.last, scale).toFixed(1)}`);
        if (x - last < 1) continue;
        last = x;
        dots.push(`M${x.toFixed(1)} 6h0`);
      }
      plot.replaceChildren(grid(scale, height),
        svg("path", { d: dots.join(""), class: `dots ${kind.replace(/[^a-z]/g, "")}` }));
    },
    read: () => [],
  };
}

/** Where a dot stands: a whole one also at the ends of what is shown. */
function inside(time, scale) {
  return Math.min(scale.width - DOT, Math.max(DOT, scale.x(time)));
}
