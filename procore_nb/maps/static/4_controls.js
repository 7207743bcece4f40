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
  const node = make(parent, "button", className);
  node.type = "button";
  if (text === label) node.textContent = text;
  else {
    make(node, "span", "", text).setAttribute("aria-hidden", "true");
    node.setAttribute("aria-label", label);
    node.title = label;
  }
  node.addEventListener("click", act);
  return node;
}

const SHAPES = "●■▲◆▼✚✖★"; // of categories, so that they can be told apart in grey print too

function swatch(parent, points, code) {
  const mark = make(parent, "span", "pnb-swatch", points.size ? "●" : SHAPES[code % SHAPES.length]);
  mark.setAttribute("aria-hidden", "true");
  mark.style.setProperty("--light", points.colors[code]);
  mark.style.setProperty("--dark", points.dark_colors[code]);
}

// Click: this category on or off. Double click: only this one, and all again.
function buildLegend(root, points, shown, changed) {
  if (!points.title) return null;
  const legend = make(root, "details", "pnb-legend");
  legend.open = root.clientWidth >= 600;
  make(legend, "summary", "pnb-title", points.title);
  const rows = points.names.map((name, code) => {
    const row = make(legend, "button", "pnb-row");
    row.type = "button";
    row.title = "Show or hide; double click: only this one";
    row.addEventListener("click", () => {
      shown[code] = !shown[code];
      paint();
    });
    row.addEventListener("dblclick", () => {
      const alone = shown.every((on, other) => on === (other === code));
      shown.fill(alone);
      shown[code] = true;
      paint();
    });
    swatch(row, points, code);
    make(row, "span", "pnb-name", name).dir = "auto";
    make(row, "span", "pnb-count", points.counts[code].toLocaleString("en"));
    return row;
  });
  const paint = () => {
    rows.forEach((row, code) => row.setAttribute("aria-pressed", String(shown[code])));
    changed();
  };
  rows.forEach((row) => row.setAttribute("aria-pressed", "true"));
  return legend;
}

// Names that hold the words typed; choosing one goes there.
function buildSearch(root, points, go, say) {
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
    if (words && !found) make(list, "div", "pnb-quiet", "No name contains this text.");
    if (words) say(found ? `${found === 12 ? "12 or more" : found} found` : "No name contains this text.");
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
  const notes = make(root, "div", "pnb-notes"), listed = points.left_off.length && !points.page; // a page lists them below
  const line = make(notes, listed ? "details" : "div");
  make(line, listed ? "summary" : "span", "", points.note);
  if (listed) leftOffTable(line, points, 50);
  const source = make(notes, "div", "pnb-quiet", points.source);
  if (!points.basemap) return null;
  const credit = make(source, points.basemap.credit_url ? "a" : "span", "pnb-credit", points.basemap.attribution);
  if (points.basemap.credit_url) outward(credit, points.basemap.credit_url);
  return { credit, failed: make(notes, "div", "pnb-quiet pnb-failed") };
}

// Credit only for what is shown; and what did not come.
function tellTiles({ credit, failed }, points, { shown, failed: lost }) {
  credit.hidden = !shown;
  failed.hidden = !lost;
  const host = new URL(points.basemap.url).hostname;
  failed.textContent = shown ? `${lost} map tiles of ${host} could not be loaded.` : `The map tiles of ${host} could not be loaded: outlines are shown.`;
}

// Rows of text as a table with a heading; nothing of them is ever markup.
function textTable(parent, caption, heads, rows) {
  const table = make(parent, "table", "pnb-table");
  if (caption) make(table, "caption", "", caption);
  const head = make(make(table, "thead"), "tr");
  for (const text of heads) make(head, "th", "", text).scope = "col";
  const body = make(table, "tbody");
  for (const row of rows) {
    const line = make(body, "tr");
    for (const text of row) make(line, "td", "", text).dir = "auto";
  }
  return table;
}

function leftOffTable(parent, points, most) {
  textTable(parent, "", ["Name", "Why it is not on the map"], points.left_off.slice(0, most));
  const more = points.left_off_count - Math.min(most, points.left_off.length);
  if (more > 0) make(parent, "div", "pnb-quiet", `and ${more.toLocaleString("en")} more`);
}

// Below the map of a page: what is selected, what is not on the map.
function buildTables(parent, points) {
  const selected = make(parent, "section"), left = make(parent, "section");
  make(selected, "h2", "", "Selected");
  const place = make(selected, "div", "pnb-scroll");
  place.tabIndex = 0;
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", "Selected rows");
  const columns = [...new Set([points.name_column, ...points.popup])].filter((column) => column !== null);
  if (points.left_off.length) {
    make(left, "h2", "", "Not on the map");
    make(left, "p", "", "Correct these in Procore, and they appear on the next map.");
    leftOffTable(left, points, points.left_off.length);
  }
  const fill = (rows) => {
    place.replaceChildren();
    if (!rows.length) make(place, "p", "pnb-quiet", "Nothing is selected. Click marks on the map, or draw a box with the button ▭.");
    else textTable(place, "", columns.map((c) => points.columns[c].title), rows.slice(0, 500).map((row) => columns.map((c) => points.text(c, row))));
    if (rows.length > 500) make(place, "p", "pnb-quiet", `and ${(rows.length - 500).toLocaleString("en")} more`);
  };
  fill([]);
  return fill;
}

// What is in view, for people who do not use a pointer: one button for each ring and mark.
function fillView(panel, points, groups, nameOf, choose) {
  panel.replaceChildren();
  make(panel, "div", "pnb-title", `${groups.length.toLocaleString("en")} marks in view`);
  for (const group of groups.slice(0, 200)) {
    const text = group.count > 1 ? `${group.count.toLocaleString("en")} rows: ${nameOf(group)}` : nameOf(group);
    button(panel, "", text, text, () => choose(group)).dir = "auto";
  }
  if (groups.length > 200) make(panel, "div", "pnb-quiet", `and ${groups.length - 200} more: zoom in to list them`);
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

// Rows at one and the same position: a list of names to choose from.
function fillList(popup, points, rows, close, choose) {
  popup.replaceChildren();
  button(popup, "pnb-close", "×", "Close", close);
  make(popup, "div", "pnb-title", `${rows.length.toLocaleString("en")} at one address`);
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
  make(tooltip, "div", "pnb-quiet", "Click to zoom in, Shift and click to select them.");
  points.names.forEach((name, code) => {
    if (!mix[code] || !points.title) return;
    const line = make(tooltip, "div");
    swatch(line, points, code);
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
