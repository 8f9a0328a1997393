// The page of `lvsnet graph --format html`: which service's path is shown, zoom, details.
"use strict";
(() => {
  const svg = document.querySelector("main > svg");
  const whole = svg.viewBox.baseVal;
  const start = [whole.x, whole.y, whole.width, whole.height];
  let view = start.slice();

  function show(box) {
    view = box;
    svg.setAttribute("viewBox", box.join(" "));
  }

  // Around a point of the window; a factor below 1 comes nearer.
  function zoom(factor, x, y) {
    const wide = Math.min(Math.max(view[2] * factor, start[2] / 12), start[2] * 2);
    const by = wide / view[2];
    const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM().inverse());
    show([at.x - (at.x - view[0]) * by, at.y - (at.y - view[1]) * by, wide, view[3] * by]);
  }

  function zoomAtMiddle(factor) {
    const frame = svg.getBoundingClientRect();
    zoom(factor, frame.x + frame.width / 2, frame.y + frame.height / 2);
  }

  function move(dx, dy) {
    const scale = svg.getScreenCTM().a;
    show([view[0] - dx / scale, view[1] - dy / scale, view[2], view[3]]);
  }

  const reset = () => show(start.slice());
  document.getElementById("nearer").addEventListener("click", () => zoomAtMiddle(0.8));
  document.getElementById("further").addEventListener("click", () => zoomAtMiddle(1.25));
  document.getElementById("whole").addEventListener("click", reset);
  svg.addEventListener("dblclick", reset);
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.12 : 1 / 1.12, event.clientX, event.clientY);
  }, { passive: false });

  // One pointer moves the picture; two, as fingers, zoom it, too.
  const pointers = new Map();
  svg.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, [event.clientX, event.clientY]);
    svg.classList.add("dragged");
  });
  window.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = [event.clientX, event.clientY];
    const other = [...pointers].find(([id]) => id !== event.pointerId);
    if (other) {
      const far = (one) => Math.hypot(one[0] - other[1][0], one[1] - other[1][1]) || 1;
      zoom(far(before) / far(now), (now[0] + other[1][0]) / 2, (now[1] + other[1][1]) / 2);
    } else {
      move(now[0] - before[0], now[1] - before[1]);
    }
    pointers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      svg.classList.remove("dragged");
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("select, button") || event.ctrlKey || event.metaKey) return;
    const step = 40;
    const keys = {
      "+": () => zoomAtMiddle(0.8), "=": () => zoomAtMiddle(0.8), "-": () => zoomAtMiddle(1.25),
      0: reset, ArrowLeft: () => move(step, 0), ArrowRight: () => move(-step, 0),
      ArrowUp: () => move(0, step), ArrowDown: () => move(0, -step), Escape: hide,
    };
    if (Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  const chooser = document.getElementById("service");
  function choose() {
    for (const path of svg.querySelectorAll(".path")) {
      path.toggleAttribute("hidden", path.dataset.service !== chooser.value);
    }
  }
  chooser.addEventListener("change", choose);
  choose();

  const known = JSON.parse(document.getElementById("data").textContent);
  const details = document.getElementById("details");
  function hide() {
    details.hidden = true;
  }
  function tell(node) {
    const lines = known[node.dataset.node] || [];
    details.querySelector("h2").textContent = node.dataset.node;
    details.querySelector("pre").textContent = lines.join("\n");
    details.hidden = false;
    const frame = svg.parentElement.getBoundingClientRect();
    const box = node.getBoundingClientRect();
    const beside = box.right - frame.left + 8;
    const fits = beside + details.offsetWidth < frame.width;
    const left = fits ? beside : Math.max(4, box.left - frame.left - details.offsetWidth - 8);
    const lowest = frame.height - details.offsetHeight - 4;
    details.style.left = `${left}px`;
    details.style.top = `${Math.max(4, Math.min(box.top - frame.top, lowest))}px`;
  }
  for (const node of svg.querySelectorAll(".node")) {
    node.addEventListener("pointerenter", () => tell(node));
    node.addEventListener("pointerleave", hide);
    node.addEventListener("focus", () => tell(node));
    node.addEventListener("blur", hide);
  }
})();
