// The page of runs: one is shown at a time, the others are chosen from a table.

function header(runs, n) {
  const run = runs[n];
  return el("header", { class: "top" },
    el("div", { class: "strip" }, el("span", { class: "brand" }, "lvsnet"),
      el("nav", { "aria-label": "Parts of the page" }, el("ul", { class: "parts" })), themeSwitch()),
    el("h1", {}, badge(run.state), " ", run.title),
    run.description ? el("p", { class: "about" }, run.description) : null,
    verdict(run), facts(run), again(run));
}

function chooser(runs, n) {
  const number = (one) => `#run-${one}`;
  return el("details", { class: "chooser", open: runs.length <= 12 },
    el("summary", {}, runsInWords(runs)), runsTable(runs, (_run, one) => number(one), n));
}

/** What failed, with what was expected and seen. */
function verdict(run) {
  const { failed } = run;
  if (run.error) return el("pre", { class: "verdict error" }, run.error);
  if (!failed) return null;
  const line = (name, text) => (text ? [el("dt", {}, name), el("dd", {}, text)] : []);
  return el("div", { class: "verdict failed", role: "note" },
    el("strong", {}, failed.text),
    failed.line ? el("span", { class: "note" }, ` line ${failed.line}`) : null,
    el("dl", {}, ...line("expected", failed.expected), ...line("seen", failed.seen),
      ...line("", failed.said)));
}

function facts(run) {
  const lost = run.requests ? [["Requests", `${plain(run.requests)}, ${plain(run.lost)} lost`]] : [];
  const outage = run.outage ? [["Longest outage", lasting(run.outage)]] : [];
  const length = run.ran ? [["Lab time", `${moment(run.length, 1e7)} s`]] : [];
  return el("dl", { class: "facts" }, ...[...run.facts, ...length, ...lost, ...outage].map(
    ([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}

/** The command that repeats it, to copy. */
function again(run) {
  if (!run.command) return null;
  const code = el("code", { tabindex: "0" }, run.command);
  const button = el("button", { type: "button", click: async () => {
    button.textContent = (await copied(run.command, code)) ? "copied" : "press Ctrl-C";
    setTimeout(() => { button.textContent = "copy"; }, 2000);
  } }, "copy");
  return el("div", { class: "again" }, el("span", { class: "note" }, "Again:"), code, button);
}

/** Whether a text went to the clipboard; if not, it is selected. */
async function copied(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return false;
  }
}

const MISSING = {
  requests: "single requests (--requests or --report writes them)",
  samples: "ActiveConn and InActConn",
  packets: "key packets",
  site: "the nodes' files and roles",
};

function runView(run) {
  run.happened = run.events.map(eventOf);
  run.seen = run.packets.map(packetOf);
  const colours = colouring(run);
  const line = run.ran ? new TimeLine(run, groupsOf(run, colours)) : null;
  const goTo = (time) => {
    line?.goTo(time);
    document.getElementById("time-line")?.scrollIntoView({ block: "start" });
  };
  const missing = run.missing.map((one) => MISSING[one] ?? one);
  const sections = [
    line ? section("time-line", "Time line", legend(run, colours, line), line.element) : null,
    answersSection(run, colours), packetsSection(run, goTo), eventsSection(run, goTo),
    stepsSection(run, goTo), filesSection(run), pictureSection(run),
  ].filter(Boolean);
  const element = el("main", {},
    missing.length
      ? el("p", { class: "note missing" }, `These results were written without ${missing.join("; ")}.`)
      : null,
    ...sections);
  queueMicrotask(() => parts(sections));
  return { element, line };
}

/** Links to the parts of the page; a run keeps its place in the address. */
function parts(sections) {
  document.querySelector(".parts")?.replaceChildren(...sections.map((one) => {
    const title = one.querySelector("h2").textContent;
    return el("li", {}, el("a", { href: `#${one.id}`, click: (event) => {
      event.preventDefault();
      one.scrollIntoView({ block: "start" });
    } }, title));
  }));
}

/** What colours mean; a real server that is chosen stands out on the time line. */
function legend(run, colours, line) {
  const item = (kind, name) => el("li", {}, swatch(kind), name);
  const buttons = new Map();
  const button = (name) => {
    const found = el("button", {
      type: "button", "aria-pressed": "false", title: "Have it stand out", click: () => {
        line.single(line.only === name ? null : name);
        for (const [other, one] of buttons) one.setAttribute("aria-pressed", line.only === other);
      },
    }, swatch(`fill-${colours.of(name)}`), name);
    buttons.set(name, found);
    return el("li", {}, found);
  };
  const states = new Set(run.vrrp.flatMap((one) => one.spans.map(([, , what]) => what)));
  const servers = colours.names.filter((one) => one);
  return el("ul", { class: "legend", "aria-label": "Colours" },
    ...servers.map(button),
    run.lost ? item("lost", "lost") : null,
    run.outage ? item("outage", "no answer") : null,
    ...["master", "backup", "fault", "stopped", "off"].filter((one) => states.has(one))
      .map((one) => item(`vrrp-${one}`, VRRP[one])));
}

(() => {
  const ids = [...document.querySelectorAll("script.data")].map((one) => one.id);
  const root = document.getElementById("page");
  const runs = ids.map((id) => data(id));
  document.body.append(patterns());
  let shown = null;

  const show = (n) => {
    shown?.end();
    const view = runView(runs[n]);
    if (runs.length > 1) document.title = `${runs[n].title} - lvsnet`;
    shown = view.line;
    root.replaceChildren(
      header(runs, n), ...(runs.length > 1 ? [chooser(runs, n)] : []), view.element);
    shown?.fit();
  };
  const chosen = () => {
    const n = ids.indexOf(location.hash.slice(1));
    return n < 0 ? 0 : n;
  };
  window.addEventListener("hashchange", () => {
    if (!location.hash || ids.includes(location.hash.slice(1))) show(chosen());
  });
  const printing = (on) => {
    for (const one of document.querySelectorAll(".more"))
      if (on && !one.hidden && one.dataset.rows <= 1000) one.click();
    shown?.print(on);
  };
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));
  show(chosen());
})();
