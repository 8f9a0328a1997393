// The time line: all tracks under one axis, one cursor through all of them.

const SHORTEST = 1000;  // nanoseconds that can be shown at least
const KEYS = "Left and right move the cursor, n and p go to the next event and the one before, " +
  "plus and minus zoom, 0 shows the whole run.";
const PRINTED = 560;  // pixels of a track on A4

class TimeLine {
  constructor(run, groups) {
    this.run = run;
    this.groups = groups;
    this.rows = groups.flatMap((one) => one.rows);
    this.whole = [run.from, Math.max(run.to, run.from + SHORTEST)];
    this.scale = new Scale(...this.whole, 800);
    this.cursor = null;  // a time
    this.only = null;  // the real server that stands out
    this.moments = [...new Set(run.happened.map((one) => one.at))];
    this.lines = [
      ...run.happened.filter((one) => one.kind === "fault")
        .map((one) => [one.at, one.what === "mended" ? "mended" : "put"]),
      ...run.steps.filter((one) => one.state === "failed").map((one) => [one.ended, "failure"]),
    ];
    this.build();
  }

  build() {
    this.axis = svg("svg", { class: "plot axis", height: 24, "aria-hidden": "true" });
    this.chip = el("div", { class: "chip", hidden: true });
    this.window = el("div", { class: "window" });
    this.line = el("div", { class: "cursor", hidden: true });
    this.selection = el("div", { class: "selection", hidden: true });
    this.faults = el("div", { class: "fault-lines", "aria-hidden": "true" });
    this.layer = el("div", {
      class: "layer", tabindex: "0", role: "slider", "aria-label": "Time in seconds",
      "aria-valuemin": this.whole[0] / SECOND, "aria-valuemax": this.whole[1] / SECOND,
      "aria-valuenow": this.whole[0] / SECOND, "aria-describedby": "keys",
    }, this.faults, this.line, this.selection);
    this.readout = el("aside", { class: "readout", "aria-label": "Values at the cursor" });
    const body = el("div", { class: "tracks" },
      ...this.groups.map((group) => el("div", { class: "group" },
        group.title ? el("h3", { title: group.title }, group.title,
          group.note ? el("span", { class: "note" }, ` ${group.note}`) : null) : null,
        ...group.rows.map((row) => el("div", { class: "row" },
          el("div", { class: "name", title: row.title }, row.name), row.plot)))),
      this.layer);
    this.element = el("div", { class: "timeline" },
      el("div", { class: "main" },
        el("div", { class: "row head" },
          el("div", { class: "name tools" },
            this.button("−", "Zoom out", () => this.zoom(1.5)),
            this.button("+", "Zoom in", () => this.zoom(1 / 1.5)),
            this.button("⤢", "Show the whole run", () => this.reset())),
          el("div", { class: "axis-box" }, this.axis, this.chip,
            this.overview())),
        body, el("p", { id: "keys", hidden: true }, KEYS)),
      this.readout);
    listen(this.layer, {
      point: (x) => this.point(x === null ? null : this.scale.time(x)),
      zoom: (factor, x) => this.zoom(factor, x),
      pan: (pixels) => this.pan(pixels),
      select: (from, to) => this.show(this.scale.time(from), this.scale.time(to)),
      selecting: (from, to) => this.select(from, to),
      reset: () => this.reset(),
      step: (pixels) => this.step(pixels),
      jump: (direction) => this.jump(direction),
    });
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this.layer);
    this.tell();
  }

  /** Which part is shown, as a bar that can be moved. */
  overview() {
    const box = el("div", { class: "overview", "aria-hidden": "true" }, this.window);
    const go = (event) => {
      const [from, to] = this.whole;
      const { left, width } = box.getBoundingClientRect();
      const middle = from + ((event.clientX - left) / width) * (to - from);
      const half = (this.scale.to - this.scale.from) / 2;
      this.show(middle - half, middle + half);
    };
    box.addEventListener("pointerdown", (event) => {
      box.setPointerCapture(event.pointerId);
      go(event);
    });
    box.addEventListener("pointermove", (event) => event.buttons && go(event));
    return box;
  }

  button(sign, label, act) {
    return el("button", { type: "button", title: label, "aria-label": label, click: act }, sign);
  }

  /** Draw for the width that there is. */
  fit(width = this.layer.clientWidth) {
    if (!width || (width === this.scale.width && this.drawn)) return;
    this.scale = new Scale(this.scale.from, this.scale.to, width);
    this.draw();
  }

  draw() {
    this.drawn = true;
    const { scale } = this;
    drawAxis(this.axis, scale);
    for (const row of this.rows) row.draw(scale);
    const shown = this.lines.filter(([at]) => at >= scale.from && at <= scale.to);
    this.faults.replaceChildren(...shown.map(([at, kind]) => {
      const line = el("div", { class: `fault-line ${kind}` });
      line.style.left = `${scale.x(at)}px`;
      return line;
    }));
    const [from, to] = this.whole, length = to - from;
    this.window.style.left = `${(100 * (scale.from - from)) / length}%`;
    this.window.style.width = `${(100 * (scale.to - scale.from)) / length}%`;
    this.fade();
    this.mark();
  }

  /** Have one real server stand out from the others; null: all alike. */
  single(server) {
    this.only = server;
    this.fade();
  }

  fade() {
    for (const one of this.element.querySelectorAll("[data-server]"))
      one.classList.toggle("faint", this.only !== null && one.dataset.server !== this.only);
  }

  /** Show from one time to another; false if that changes nothing. */
  show(from, to) {
    const [first, last] = this.whole;
    const length = Math.min(last - first, Math.max(SHORTEST, to - from));
    const begin = Math.min(last - length, Math.max(first, from));
    if (begin === this.scale.from && begin + length === this.scale.to) return false;
    this.scale = new Scale(begin, begin + length, this.scale.width);
    if (!this.due) this.due = requestAnimationFrame(() => {
      this.due = 0;
      this.draw();
    });
    return true;
  }

  zoom(factor, x = this.cursor === null ? this.scale.width / 2 : this.scale.x(this.cursor)) {
    const at = this.scale.time(Math.min(this.scale.width, Math.max(0, x)));
    const { from, to } = this.scale;
    const length = Math.max(SHORTEST, (to - from) * factor);
    const begin = at - (at - from) * (length / (to - from));
    return this.show(begin, begin + length);
  }

  pan(pixels) {
    const { from, to, perPixel } = this.scale;
    return this.show(from + pixels * perPixel, to + pixels * perPixel);
  }

  reset() {
    this.show(...this.whole);
  }

  /** Put the cursor at a time; null takes it away. */
  point(time) {
    this.cursor = time === null ? null : Math.min(this.whole[1], Math.max(this.whole[0], time));
    this.mark();
    if (!this.telling) this.telling = requestAnimationFrame(() => {
      this.telling = 0;
      this.tell();
    });
  }

  /** The cursor by keys: so many pixels on, and what is shown with it. */
  step(pixels) {
    const { from, to, perPixel } = this.scale;
    this.goTo(pixels === -Infinity ? this.whole[0] : pixels === Infinity ? this.whole[1]
      : (this.cursor ?? (from + to) / 2) + pixels * perPixel);
  }

  /** The cursor to the next time, or the one before, at which something happened. */
  jump(direction) {
    const now = this.cursor ?? (direction > 0 ? this.whole[0] - 1 : this.whole[1] + 1);
    const found = direction > 0 ? this.moments.find((one) => one > now)
      : this.moments.findLast((one) => one < now);
    if (found !== undefined) this.goTo(found);
  }

  /** Put the cursor at a time, and show that. */
  goTo(time) {
    const { from, to } = this.scale;
    if (time < from || time > to) this.show(time - (to - from) / 2, time + (to - from) / 2);
    this.point(time);
  }

  select(from, to) {
    this.selection.hidden = from === null;
    if (from === null) return;
    this.selection.style.left = `${Math.min(from, to)}px`;
    this.selection.style.width = `${Math.abs(to - from)}px`;
  }

  mark() {
    const { cursor, scale } = this;
    const hidden = cursor === null || cursor < scale.from || cursor > scale.to;
    this.line.hidden = this.chip.hidden = hidden;
    if (hidden) return;
    const x = scale.x(cursor);
    this.line.style.left = `${x}px`;
    this.chip.style.left = `${Math.min(scale.width - 28, Math.max(28, x))}px`;
    this.chip.textContent = `${moment(cursor, scale.perPixel)} s`;
  }

  /** Everything that is so at the cursor, in words. */
  tell() {
    const { cursor, scale } = this;
    this.readout.classList.toggle("empty", cursor === null);
    if (cursor === null) {
      this.readout.replaceChildren(hints());
      return;
    }
    const when = `${moment(cursor, scale.perPixel)} s`;
    const lists = this.groups.flatMap((group) => group.rows.map((row) => ({ group, row }))).map(
      ({ group, row }) => ({ title: group.title || row.name, found: row.read(cursor, scale), row }))
      .filter(({ found }) => found.length);
    const near = this.near(cursor);
    this.readout.replaceChildren(
      el("div", { class: "when" }, when,
        el("button", { type: "button", class: "close", "aria-label": "Close", click: () => this.point(null) }, "×")),
      ...near.map((one) => el("p", { class: "near" },
        el("b", {}, `${moment(one.at)} s ${one.node}`), ` ${one.text}`,
        one.count > 1 ? ` (${one.count} such)` : null)),
      ...values(lists, cursor, scale));
    this.layer.setAttribute("aria-valuenow", cursor / SECOND);
    this.layer.setAttribute("aria-valuetext", [when, ...near.map((one) => `${one.node} ${one.text}`),
      ...lists.map(({ title, found }) =>
        `${title}: ${found.map((one) => `${one.name} ${one.words}`).join(", ")}`)].join("; "));
  }

  /** Events within some pixels of a time, five at most, and three packets. */
  near(time) {
    const slack = 4 * this.scale.perPixel;
    const found = (told, most) => told.filter((one) =>
      one.kind !== "step" && one.at - slack <= time && time <= one.last + slack).slice(0, most);
    return [...found(this.run.happened, 5), ...found(this.run.seen, 3)].sort((a, b) => a.at - b.at);
  }

  /** As wide as paper takes it, and back. */
  print(on) {
    this.watcher.disconnect();
    if (on) {
      this.point(null);
      this.fit(PRINTED);
    } else {
      this.watcher.observe(this.layer);
    }
  }

  end() {
    this.watcher.disconnect();
  }
}

/** Values by the groups that they belong to. */
function values(lists, cursor, scale) {
  const found = [];
  let before = "";
  for (const { title, found: told, row } of lists) {
    if (title !== before) found.push(el("h4", {}, title));
    before = title;
    if (told.length === 1 && row.name === title) {
      found.push(el("p", {}, swatch(told[0].kind), told[0].words));
      continue;
    }
    const note = row.note?.(cursor, scale) ?? (told.length > 1 ? row.name : "");
    if (note) found.push(el("p", { class: "note" }, note));
    found.push(el("dl", {}, ...told.flatMap((one) => [
      el("dt", {}, swatch(one.kind), one.name), el("dd", {}, one.words)])));
  }
  return found;
}

function hints() {
  const line = (keys, what) => [el("dt", {}, keys), el("dd", {}, what)];
  return el("dl", { class: "hints" },
    ...line("Point, tap", "values at that time"),
    ...line("Drag", "zoom to a span"),
    ...line("Wheel, pinch, + −", "zoom"),
    ...line("Double click, 0", "the whole run"),
    ...line("← →, n p", "move, next event"));
}
