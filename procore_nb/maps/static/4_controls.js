// Everything around the canvas: legend, search, buttons, tooltip, popup, notes.
// Text of rows goes in by textContent only, so it stays text whatever it holds.

function make(parent, tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function button(parent, className, text, label, act) {
  const node = make(parent, "button", className, text);
  node.type = "button";
  node.setAttribute("aria-label", label);
  node.title = label;
  node.addEventListener("click", act);
  return node;
}

// Click: this category on or off. Double click: only this one, and all again.
function buildLegend(root, points, shown, changed) {
  if (!points.title) return;
  const legend = make(root, "div", "pnb-legend");
  make(legend, "div", "pnb-title", points.title);
  const rows = points.names.map((name, code) => {
    const row = button(legend, "pnb-row", "", `Show or hide ${name}`, () => {
      shown[code] = !shown[code];
      paint();
    });
    row.removeAttribute("aria-label"); // its own text is its name
    row.addEventListener("dblclick", () => {
      const alone = shown.every((on, other) => on === (other === code));
      shown.fill(alone);
      shown[code] = true;
      paint();
    });
    make(row, "span", "pnb-swatch").style.background = points.colors[code];
    make(row, "span", "pnb-name", name).dir = "auto";
    make(row, "span", "pnb-count", points.counts[code].toLocaleString("en"));
    return row;
  });
  const paint = () => {
    rows.forEach((row, code) => row.setAttribute("aria-pressed", String(shown[code])));
    changed();
  };
  rows.forEach((row) => row.setAttribute("aria-pressed", "true"));
}

// Names that hold the words typed; choosing one goes there.
function buildSearch(root, points, go) {
  if (points.name_column === null) return;
  const box = make(root, "div", "pnb-search");
  const field = make(box, "input");
  field.type = "search";
  field.placeholder = "Search by name";
  field.setAttribute("aria-label", "Search by name");
  const list = make(box, "div", "pnb-found");
  list.hidden = true;
  const find = () => {
    const words = field.value.trim().toLocaleLowerCase();
    list.replaceChildren();
    list.hidden = !words;
    let found = 0;
    for (let row = 0; words && row < points.count && found < 12; row++) {
      const name = points.text(points.name_column, row);
      if (!name.toLocaleLowerCase().includes(words)) continue;
      found += 1;
      const choice = button(list, "", name, name, () => choose(row));
      choice.dir = "auto";
    }
    if (words && !found) make(list, "div", "pnb-quiet", "No name holds these words.");
  };
  const choose = (row) => {
    list.hidden = true;
    go(row);
  };
  field.addEventListener("input", find);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") list.querySelector("button")?.click();
    if (event.key === "Escape") { field.value = ""; find(); }
    if (event.key === "ArrowDown") list.querySelector("button")?.focus();
  });
}

function buildNotes(root, points) {
  const notes = make(root, "div", "pnb-notes");
  const line = make(notes, points.skipped.length ? "details" : "div");
  make(line, points.skipped.length ? "summary" : "span", "", points.note);
  for (const [reason, count] of points.skipped) make(line, "div", "", `${count.toLocaleString("en")} ${reason}`);
  if (points.skipped.length) make(line, "div", "pnb-quiet", "check_coordinates(frame) lists them, row by row.");
  const source = make(notes, "div", "pnb-quiet", points.source);
  if (points.basemap) {
    source.append(" ");
    const credit = make(source, points.basemap.credit_url ? "a" : "span", "", points.basemap.attribution);
    if (points.basemap.credit_url) outward(credit, points.basemap.credit_url);
  }
}

function outward(anchor, address) {
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
}

// One row: its name, the columns asked for, and a link to its page when there is one.
function fillPopup(popup, points, row, close) {
  popup.replaceChildren();
  button(popup, "pnb-close", "×", "Close", close);
  if (points.name_column !== null) make(popup, "div", "pnb-title", points.text(points.name_column, row)).dir = "auto";
  const table = make(popup, "table");
  for (const column of points.popup) {
    const value = points.text(column, row);
    if (!value || column === points.name_column) continue;
    const line = make(table, "tr");
    make(line, "th", "", points.columns[column].title);
    make(line, "td", "", value).dir = "auto";
  }
  if (points.link !== null) {
    const id = points.text(points.link.column, row);
    if (id) outward(make(popup, "a", "", "Open in Procore"), points.link.address.replace("{id}", encodeURIComponent(id)));
  }
}

// Rows at one and the same place: a list of names to choose from.
function fillList(popup, points, rows, close, choose) {
  popup.replaceChildren();
  button(popup, "pnb-close", "×", "Close", close);
  make(popup, "div", "pnb-title", `${rows.length.toLocaleString("en")} in one place`);
  const list = make(popup, "div", "pnb-members");
  for (const row of rows.slice(0, 100)) {
    const name = points.name_column === null ? `row ${row + 1}` : points.text(points.name_column, row) || "(no name)";
    button(list, "", name, name, () => choose(row)).dir = "auto";
  }
  if (rows.length > 100) make(list, "div", "pnb-quiet", `and ${rows.length - 100} more`);
}

function fillTooltip(tooltip, points, group, mix) {
  tooltip.replaceChildren();
  if (group.count === 1) {
    points.tooltip.forEach((column, i) => {
      const value = points.text(column, group.members[0]);
      if (value) make(tooltip, "div", i === 0 ? "pnb-title" : "", value).dir = "auto";
    });
    return;
  }
  make(tooltip, "div", "pnb-title", `${group.count.toLocaleString("en")} rows`);
  points.names.forEach((name, code) => {
    if (!mix[code] || !points.title) return;
    const line = make(tooltip, "div");
    make(line, "span", "pnb-swatch").style.background = points.colors[code];
    make(line, "span", "", `${name}  ${mix[code].toLocaleString("en")}`).dir = "auto";
  });
}

// Dark when the notebook, the editor or the system is.
function isDark() {
  const { jpThemeLight, vscodeThemeKind } = document.body.dataset;
  if (jpThemeLight) return jpThemeLight === "false";
  if (vscodeThemeKind) return vscodeThemeKind.includes("dark");
  return window.matchMedia("(prefers-color-scheme: dark)").matches;
}
