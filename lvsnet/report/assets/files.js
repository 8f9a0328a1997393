// The files of each node, and the lab's picture.

function filesSection(run) {
  if (!run.files.length) return null;
  return section("files", "Files of the nodes",
    el("p", { class: "note print" }, "Files that are open are printed."),
    ...run.files.map(([node, role, files]) => el("details", { class: "node" },
      el("summary", {}, el("b", {}, node), role ? ` ${role}, ` : " ", counted(files.length, "file")),
      ...files.map(([path, text]) => fileOf(path, text)))));
}

/** A file, whose text is put on the page when it is opened first. */
function fileOf(path, text) {
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  const box = el("details", { class: "file", toggle: () => {
    if (box.open && !box.querySelector("pre"))
      box.append(el("pre", { tabindex: "0", "aria-label": path }, text));
  } }, el("summary", {}, el("code", {}, path), el("span", { class: "note" }, ` ${counted(lines, "line")}`)));
  return box;
}

/** As an image nothing in it runs, and nothing is loaded by it. */
function pictureSection(run) {
  if (!run.picture) return null;
  const content = btoa(bytesOf(run.picture));
  return section("picture", "The lab",
    el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Picture of the lab" },
      el("img", { class: "picture", alt: `The lab ${run.lab}: its segments and nodes`,
        src: `data:image/svg+xml;base64,${content}` })));
}

function bytesOf(text) {
  let found = "";
  for (const byte of new TextEncoder().encode(text)) found += String.fromCharCode(byte);
  return found;
}
