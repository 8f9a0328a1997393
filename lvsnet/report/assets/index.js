// The page that leads to the pages of all runs.

(() => {
  const { runs } = data("index");
  document.getElementById("page").append(
    el("header", { class: "top" },
      el("div", { class: "strip" }, el("span", { class: "brand" }, "lvsnet"), themeSwitch()),
      el("h1", {}, runsInWords(runs))),
    el("main", {}, runsTable(runs, (run) => run.link)));
})();
