// The table of several runs.

/** `target(run, n)` is where a run's name leads. */
function runsTable(runs, target, chosen = -1) {
  return table({ class: "runs" }, "Runs",
    ["run", "result", "#lab time", "#requests", "#lost", "#longest outage"],
    runs.map((run, n) => el("tr", { class: n === chosen ? "chosen" : run.state },
      el("th", { scope: "row" },
        el("a", { href: target(run, n), "aria-current": n === chosen ? "true" : null },
          run.title),
        run.why ? el("div", { class: "why" }, run.why) : null),
      el("td", {}, badge(run.state)),
      cell(run.length ? `${moment(run.length, 1e7)} s` : "", "number"),
      cell(run.requests ? plain(run.requests) : "", "number"),
      cell(run.requests ? plain(run.lost) : "", run.lost ? "number bad" : "number"),
      cell(run.outage ? lasting(run.outage) : "", run.outage ? "number bad" : "number"))));
}

/** "4 runs: 1 passed, 1 failed, 2 errors" */
function runsInWords(runs) {
  const states = new Map();
  for (const run of runs) states.set(run.state, (states.get(run.state) ?? 0) + 1);
  const parts = [...states].map(([state, number]) =>
    (state === "error" ? counted(number, state) : `${number} ${state}`));
  return `${counted(runs.length, "run")}: ${parts.join(", ")}`;
}

function data(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
