// Who answered, and how long it took.

function answersSection(run, colours) {
  if (!run.loads.length) return null;
  return section("answers", "Answers", ...run.loads.map((load) => answersOf(load, colours)));
}

function answersOf(load, colours) {
  const { summary } = load;
  return el("div", { class: "load" },
    el("h3", {}, `${load.name} to ${load.target}`),
    el("p", {}, `${counted(summary.requests, "request")}, ${plain(summary.answered)} answered, `,
      el("span", { class: summary.lost ? "bad" : null }, `${plain(summary.lost)} lost`),
      summary.failures.length
        ? `: ${summary.failures.map(([why, count]) => `${why} ${plain(count)}`).join(", ")}` : ""),
    el("div", { class: "pair" },
      spreadTable(summary, colours),
      latencies(load),
      summary.outages.length ? outagesTable(summary.outages) : null));
}

function spreadTable(summary, colours) {
  if (!summary.spread.length) return null;
  const most = Math.max(1, ...summary.spread.map((one) => one.answers));
  return table({ class: "spread" }, "Answers by real server", ["real server", "#answers", "#share", ""],
    summary.spread.map(({ server, answers }) => {
      const bar = el("div", { class: `share fill-${colours.of(server)}` });
      bar.style.width = `${(100 * answers) / most}%`;
      return el("tr", {},
        el("th", { scope: "row" }, swatch(`fill-${colours.of(server)}`), server || "no name"),
        cell(plain(answers), "number"), cell(share(answers, summary.answered), "number"),
        el("td", { class: "drawn", "aria-hidden": "true" }, bar));
    }));
}

function latencies(load) {
  const { summary } = load;
  if (!summary.answered) return null;
  const rows = [["half of them (p50)", summary.p50], ["90 % (p90)", summary.p90],
    ["99 % (p99)", summary.p99], ["all (the longest)", summary.longest]];
  const requests = requestsOf(load);
  return el("div", { class: "latency" },
    table({}, "Answered within", ["of the answers", "#time"], rows.map(([name, took]) =>
      el("tr", {}, el("th", { scope: "row" }, name), cell(lasting(took), "number")))),
    requests ? histogram(requests) : null);
}

const BARS = 40;

/** How many answers took how long: bars of equal width on a logarithmic scale. */
function histogram(requests) {
  const took = requests.took.filter((_, n) => requests.failure[n] < 0);
  const least = Math.max(1, took.reduce((a, b) => Math.min(a, b), Infinity));
  const most = took.reduce((a, b) => Math.max(a, b), 0);
  if (!(most > 1.2 * least)) return el("p", { class: "note" }, `All took about ${lasting(most)}.`);
  const low = Math.log10(least), wide = (Math.log10(most) - low) / BARS;
  const counts = new Array(BARS).fill(0);
  for (const one of took)
    counts[Math.min(BARS - 1, Math.floor((Math.log10(Math.max(1, one)) - low) / wide))]++;
  const top = Math.max(...counts), height = 90, width = 320, bar = width / BARS;
  const said = `Histogram: from ${lasting(least)} to ${lasting(most)}, ` +
    `most often about ${lasting(10 ** (low + (counts.indexOf(top) + 0.5) * wide))}`;
  return el("figure", {},
    svg("svg", { viewBox: `0 0 ${width} ${height + 16}`, class: "histogram", role: "img", "aria-label": said },
      ...counts.map((count, n) => {
        const tall = count ? Math.max(1.5, (count / top) * height) : 0;
        const from = 10 ** (low + n * wide), to = 10 ** (low + (n + 1) * wide);
        return svg("rect", {
          x: n * bar, y: height - tall, width: bar - 1, height: tall, class: "range-fill",
        }, svg("title", {}, `${lasting(from)} to ${lasting(to)}: ${plain(count)}`));
      }),
      svg("path", { d: `M0 ${height}H${width}`, class: "level" }),
      svg("text", { x: 0, y: height + 13, class: "level" }, lasting(least)),
      svg("text", { x: width, y: height + 13, "text-anchor": "end", class: "level" }, lasting(most))),
    el("figcaption", {}, `Answers by how long they took, logarithmic; the highest bar is ${plain(top)}`));
}

function outagesTable(outages) {
  const most = 500;
  const found = table({}, "Times without any answer", ["#from", "#to", "#length", "#lost"],
    [...outages.slice(0, most).map((one) => el("tr", {},
      cell(`${moment(one.start)} s`, "number"),
      cell(one.over ? `${moment(one.end)} s` : "the end", "number"),
      cell(lasting(one.end - one.start), "number bad"), cell(plain(one.lost), "number"))),
    ...(outages.length > most
      ? [el("tr", {}, el("td", { colspan: "4" }, `and ${plain(outages.length - most)} more`))] : [])]);
  found.classList.add("low");
  return found;
}
