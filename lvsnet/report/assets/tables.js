// Packets, events and steps as tables.

const AT_FIRST = 200;  // rows that are shown before somebody asks for all

/** A time that puts the time line's cursor there. */
function timeCell(time, goTo) {
  return el("td", { class: "number", role: "cell" },
    el("button", { type: "button", class: "time", title: "Show on the time line", click: () => goTo(time) },
      `${moment(time)} s`));
}

function packetsSection(run, goTo) {
  if (!run.seen.length) return null;
  return section("packets", "Key packets",
    filtered(run.seen, ["#time", "node", "interface", "kind", "packet"], "Packets that tell something",
      (one) => el("tr", { role: "row" }, timeCell(one.at, goTo), cell(one.node), cell(one.place),
        cell(one.kind), cell(one.text, "text"))));
}

function eventsSection(run, goTo) {
  if (!run.happened.length) return null;
  return section("events", "Events",
    filtered(run.happened, ["#time", "kind", "node", "what happened"], "What happened",
      (one) => el("tr", { role: "row", class: `event ${one.kind.replace(/[^a-z]/g, "")}` },
        timeCell(one.at, goTo), cell(one.kind), cell(one.node),
        el("td", { class: "text", role: "cell" }, one.text, one.count > 1
          ? el("span", { class: "note" }, ` ${one.count} such until ${moment(one.last)} s`) : null))));
}

/** A table of rows with `kind`, `node` and `text`, and what chooses among them. */
function filtered(rows, heads, caption, rowOf) {
  const kinds = [...new Set(rows.map((one) => one.kind))];
  const nodes = [...new Set(rows.map((one) => one.node).filter(Boolean))].sort();
  const off = new Set();
  const node = el("select", { "aria-label": "Node", change: () => fill() },
    el("option", { value: "" }, "all nodes"), ...nodes.map((one) => el("option", { value: one }, one)));
  const words = el("input", {
    type: "search", placeholder: "words", "aria-label": "Words", input: () => fill(),
  });
  const chips = kinds.map((kind) => {
    const count = rows.reduce((sum, one) => sum + (one.kind === kind ? one.count ?? 1 : 0), 0);
    const chip = el("button", {
      type: "button", class: "kind", "aria-pressed": "true", click: () => {
        const shown = off.delete(kind);
        if (!shown) off.add(kind);
        chip.setAttribute("aria-pressed", String(shown));
        fill();
      },
    }, `${kind} ${plain(count)}`);
    return chip;
  });
  const box = table({ class: "rows" }, caption, heads, []);
  const body = box.querySelector("tbody");
  const told = el("p", { class: "note", role: "status" });
  let most = AT_FIRST;
  const more = el("button", { type: "button", class: "more", click: () => {
    most = Infinity;
    fill();
  } });
  const fill = () => {
    const wanted = words.value.toLowerCase();
    const found = rows.filter((one) => !off.has(one.kind) && (!node.value || one.node === node.value) &&
      (!wanted || `${one.kind} ${one.node} ${one.text}`.toLowerCase().includes(wanted)));
    body.replaceChildren(...found.slice(0, most).map(rowOf));
    more.hidden = found.length <= most;
    more.dataset.rows = found.length;
    more.textContent = `Show all ${plain(found.length)}`;
    told.textContent = found.length === rows.length ? "" : `${plain(found.length)} of ${plain(rows.length)}`;
  };
  fill();
  return el("div", {},
    el("div", { class: "filters", role: "group", "aria-label": `Filter: ${caption}` },
      ...chips, nodes.length > 1 ? node : null, words, told),
    box, more);
}

function stepsSection(run, goTo) {
  if (!run.steps.length && !run.always.length) return null;
  const rowOf = (one, always) => el("tr", { role: "row", class: one.state },
    one.state === "skipped" ? cell("") : always ? cell("always") : timeCell(one.begun, goTo),
    el("td", { class: "number", role: "cell" }, one.state === "skipped" || always ? "" : lasting(one.ended - one.begun)),
    el("td", { role: "cell" }, badge(one.state)),
    el("td", { class: "text", role: "cell" }, one.text, one.said ? el("div", { class: "note" }, one.said) : null,
      one.expected ? el("div", { class: "why" }, `expected ${one.expected}`) : null),
    cell(one.seen, one.state === "failed" ? "text bad" : "text"),
    cell(one.line ? String(one.line) : "", "number line"));
  return section("steps", "Steps", table({ class: "rows" }, "The scenario's steps",
    ["#begun", "#took", "result", "step", "seen", "#line"],
    [...run.always.map((one) => rowOf(one, true)), ...run.steps.map((one) => rowOf(one, false))]));
}
