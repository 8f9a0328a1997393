// Tracks of requests: answered ones above the line, lost ones below it; and how long answers took.

const BIN = 8;  // pixels at least

/** A load's columns, unpacked. */
function requestsOf(load) {
  const packed = load.requests;
  if (!packed) return null;
  return {
    at: unpacked(packed.at), took: unpacked(packed.took), server: unpacked(packed.server),
    failure: unpacked(packed.failure), servers: packed.servers, failures: packed.failures,
  };
}

/** Requests by when they were sent: of each bin how many each server answered, and lost ones. */
function binned(requests, from, to, step) {
  const first = Math.floor(from / step);
  const size = Math.floor(to / step) - first + 1;
  const counts = requests.servers.map(() => new Uint32Array(size));
  const lost = new Uint32Array(size);
  const end = placeOf(requests.at, (first + size) * step);
  for (let n = placeOf(requests.at, first * step); n < end; n++) {
    const bin = Math.floor(requests.at[n] / step) - first;
    if (requests.failure[n] >= 0) lost[bin]++;
    else if (requests.server[n] >= 0) counts[requests.server[n]][bin]++;
  }
  return { first, size, counts, lost };
}

function requestsRow({ name, title, load, requests, colourOf, height = 110 }) {
  const { outages, answered, lost } = load.summary;
  const said = `${title}: ${plain(answered)} answered, ${plain(lost)} lost, ` +
    counted(outages.length, "outage") + outages.slice(0, 5).map((one) =>
      `, of ${lasting(one.end - one.start)} from ${moment(one.start)} s on`).join("");
  const plot = svg("svg", { class: "plot", height, role: "img", "aria-label": said });
  const stepOf = (scale) => niceStep(scale.perPixel * BIN);
  return {
    name, title, plot,
    draw(scale) {
      const step = stepOf(scale);
      const bins = binned(requests, scale.from, scale.to, step);
      const sums = new Float64Array(bins.size);
      for (const counts of bins.counts) counts.forEach((count, n) => { sums[n] += count; });
      const up = sums.reduce((a, b) => Math.max(a, b), 0);
      const down = bins.lost.reduce((a, b) => Math.max(a, b), 0);
      const most = Math.max(1, up + down), unit = (height - 18) / most;
      const zero = 14 + (up || (down ? 0 : 1)) * unit;
      const children = [grid(scale, height), ...outageMarks(outages, scale, height)];
      const base = new Float64Array(bins.size);
      bins.counts.forEach((counts, n) => {
        children.push(svg("path", {
          d: columns(counts, base, bins, step, scale, zero, -unit),
          class: `fill-${colourOf(requests.servers[n])}`, "data-server": requests.servers[n],
        }));
      });
      children.push(svg("path", {
        d: columns(bins.lost, new Float64Array(bins.size), bins, step, scale, zero, unit),
        class: "lost",
      }));
      children.push(svg("path", { d: `M0 ${zero}H${scale.width}`, class: "level" }));
      if (up) children.push(halo(4, 10, `${rate(up / (step / SECOND))} by ${lasting(step)}`));
      children.push(...outageWords(outages, scale, zero));
      plot.replaceChildren(...children);
    },
    read(time, scale) {
      const step = stepOf(scale), from = Math.floor(time / step) * step;
      const bins = binned(requests, from, from, step);
      const told = requests.servers.map((server, n) => ({
        name: server, kind: `fill-${colourOf(server)}`, words: plain(bins.counts[n][0]),
      }));
      told.push({ name: "lost", kind: "lost", words: plain(bins.lost[0]) });
      const outage = outages.find((one) => one.start <= time && time < one.end);
      if (outage) told.push({
        name: "outage", kind: "outage", words: lasting(outage.end - outage.start),
      });
      return told;
    },
    note: (time, scale) => `sent within ${lasting(stepOf(scale))}`,
  };
}

/** Columns of a bar chart as one path; `base` is what they stand on, and grows by them. */
function columns(counts, base, bins, step, scale, zero, unit) {
  const parts = [];
  const width = Math.max(1, scale.x(scale.from + step) - (step / scale.perPixel > 5 ? 1 : 0));
  for (let n = 0; n < bins.size; n++) {
    if (!counts[n]) continue;
    const x = scale.x((bins.first + n) * step), y = zero + base[n] * unit;
    base[n] += counts[n];
    // What has few requests among many is to be seen all the same.
    const to = zero + (Math.abs(base[n] * unit) < 2 ? 2 * Math.sign(unit) : base[n] * unit);
    parts.push(`M${x.toFixed(1)} ${y.toFixed(1)}h${width.toFixed(1)}V${to.toFixed(1)}H${x.toFixed(1)}z`);
  }
  return parts.join("");
}

function shownOutages(outages, scale) {
  return outages.filter((one) => one.end > scale.from && one.start < scale.to);
}

function outageMarks(outages, scale, height) {
  const path = [];
  let last = -Infinity;
  for (const one of shownOutages(outages, scale)) {
    const x = scale.clipped(one.start), end = Math.max(x + 1, scale.clipped(one.end) - 0.5);
    if (end - last < 1) continue;  // of many within a pixel one is drawn
    last = end;
    path.push(`M${x.toFixed(1)} 0V${height}H${end.toFixed(1)}V0z`);
  }
  return [svg("path", { d: path.join(""), class: "outage" })];
}

function outageWords(outages, scale, zero) {
  const y = zero > 30 ? zero / 2 + 8 : 10;  // above the line; without answers at the upper edge
  return shownOutages(outages, scale).flatMap((one) => {
    const from = Math.max(0, scale.clipped(one.start)), to = Math.min(scale.width, scale.clipped(one.end));
    const words = `no answer for ${lasting(one.end - one.start)}`;
    const text = [words, lasting(one.end - one.start)].find((text) => widthOf(text) < to - from - 8);
    return text ? [halo((from + to) / 2, y, text, "middle", "outage-word")] : [];
  });
}

/** Words over a drawing. */
function halo(x, y, text, anchor = "start", kind = "level") {
  return svg("text", { x, y, "text-anchor": anchor, class: `${kind} halo` }, text);
}

/** How long answers took, on a logarithmic scale: from the shortest to the longest of each bin. */
function latencyRow({ name, title, requests, summary, height = 64 }) {
  let least = Infinity, most = 0;
  for (let n = 0; n < requests.at.length; n++) {
    if (requests.failure[n] >= 0) continue;
    least = Math.min(least, Math.max(1, requests.took[n]));
    most = Math.max(most, requests.took[n]);
  }
  if (!(most > 1.2 * least)) return null;
  const low = Math.log10(least), high = Math.log10(most);
  const y = (took) => height - 5 - ((Math.log10(Math.max(1, took)) - low) / (high - low)) * (height - 20);
  const said = `${title}: half within ${lasting(summary.p50)}, the longest ${lasting(summary.longest)}`;
  const plot = svg("svg", { class: "plot", height, role: "img", "aria-label": said });
  return {
    name, title, plot,
    draw(scale) {
      const bins = ranges(requests, scale, niceStep(scale.perPixel * 2));
      const path = bins.map(({ x, low, high }) =>
        `M${x.toFixed(1)} ${(y(low) + 0.8).toFixed(1)}V${(y(high) - 0.8).toFixed(1)}`);
      plot.replaceChildren(grid(scale, height),
        svg("path", { d: `M0 ${y(summary.p50)}H${scale.width}`, class: "median" }),
        svg("path", { d: path.join(""), class: "range" }),
        halo(4, 10, `at most ${lasting(most)}, half within ${lasting(summary.p50)}`));
    },
    read(time, scale) {
      const step = niceStep(scale.perPixel * 2), from = Math.floor(time / step) * step;
      const [bin] = ranges(requests, new Scale(from, from + step * 0.999, 1), step);
      return bin ? [{ name: "answered in", kind: "range", words: bin.low === bin.high
        ? lasting(bin.low) : `${lasting(bin.low)} to ${lasting(bin.high)}` }] : [];
    },
  };
}

function ranges(requests, scale, step) {
  const found = [];
  const end = placeOf(requests.at, scale.to);
  for (let n = placeOf(requests.at, scale.from); n < end; n++) {
    if (requests.failure[n] >= 0) continue;
    const bin = Math.floor(requests.at[n] / step), took = requests.took[n];
    const last = found[found.length - 1];
    if (last && last.bin === bin) {
      last.low = Math.min(last.low, took);
      last.high = Math.max(last.high, took);
    } else found.push({ bin, x: scale.x((bin + 0.5) * step), low: took, high: took });
  }
  return found;
}
