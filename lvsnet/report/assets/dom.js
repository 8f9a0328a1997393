// Elements. What comes from a lab is only ever their text or the value of a harmless attribute.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; `about` has attributes, and listeners as functions by the names of events. */
function el(name, about = {}, ...children) {
  return filled(document.createElement(name), about, children);
}

function svg(name, about = {}, ...children) {
  return filled(document.createElementNS(SVG, name), about, children);
}

function filled(element, about, children) {
  for (const [key, value] of Object.entries(about)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(key, value);
  }
  element.append(...children.filter((one) => one !== null && one !== undefined));
  return element;
}

/**
 * A table in a box of its own, which scrolls sideways where a screen is too narrow for it. Its parts
 * say their roles, since narrow screens get rows that are no rows to the style.
 */
function table(about, caption, heads, rows) {
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption },
    el("table", { role: "table", ...about },
      el("caption", {}, caption),
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...heads.map((one) => headCell(one)))),
      el("tbody", { role: "rowgroup" }, ...rows)));
}

/** The head of a column; one whose name begins with "#" has numbers. */
function headCell(name) {
  const number = name.startsWith("#");
  return el("th", { scope: "col", role: "columnheader", class: number ? "number" : null }, number ? name.slice(1) : name);
}

function cell(text, kind = null) {
  return el("td", { class: kind, role: "cell" }, text);
}

/** A part of the page that the list of parts leads to. */
function section(id, title, ...children) {
  return el("section", { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, title), ...children);
}

function swatch(kind) {
  return el("span", { class: `swatch ${kind}`, "aria-hidden": "true" });
}

/** A state as a word with a sign, which tells it without its colour. */
function badge(state) {
  const signs = { passed: "✓", failed: "✗", skipped: "–", "not run": "–" };
  return el("span", { class: `badge ${state.replace(/[^a-z]/g, "-")}` },
    el("span", { "aria-hidden": "true" }, `${signs[state] ?? "!"} `), state);
}

/** Patterns that drawings fill areas with, which tell states apart without their colours. */
function patterns() {
  const hatch = (id, kind) => svg("pattern", {
    id, width: 5, height: 5, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)",
  }, svg("rect", { width: 5, height: 5, class: "hatch-back" }),
  svg("line", { x1: 0, x2: 0, y1: 0, y2: 5, class: kind }));
  return svg("svg", { class: "patterns", width: 0, height: 0, "aria-hidden": "true" },
    svg("defs", {}, hatch("hatch-fault", "hatch-fault"), hatch("hatch-off", "hatch-off")));
}

const measuring = document.createElement("canvas").getContext("2d");
const widths = new Map();

/** Pixels that words take in a drawing, in its bolder hand. */
function widthOf(text) {
  if (!widths.size) measuring.font = `600 11px ${getComputedStyle(document.body).fontFamily}`;
  if (!widths.has(text)) widths.set(text, measuring.measureText(text).width);
  return widths.get(text);
}
