// A window onto rows that stay in the kernel: only what is in sight is requested, a block at a time, and only the rows and
// columns in sight are drawn. The first column stays in place. For a screen reader it is a grid of which one cell is active.
const BLOCK = 100, ROW = 26, KEPT = 60, TALL = 450, TALLEST = 1200000, TOP = 2; // rows of the head: titles, filters

function render({ model, el }) {
  const viewId = newId(), gridId = newId();
  let head = null, blocks = new Map(), requested = new Set(), lines = new Map(), fitted = 0, span = null, offsets = [], character = 7;
  let active = null; // row (-1 is none yet) and place among the shown columns
  el.classList.add("pnw-part", "pnw-table");
  const send = (content) => sendTo(model, { ...content, from: viewId });

  const caption = make("div", "pnw-caption");
  const bar = make("div", "pnw-bar");
  const search = make("input");
  search.type = "search";
  search.placeholder = "search all columns";
  search.setAttribute("aria-label", "Search the table");
  const count = make("span", "pnw-count", "Run the cell to see the table.");
  const status = make("span", "pnw-table-status");
  for (const each of [count, status]) each.setAttribute("role", "status");
  const report = (text, bad) => { status.textContent = text; status.classList.toggle("pnw-bad", Boolean(bad)); };
  const files = downloads(model, viewId, report);
  const columns = columnChooser((shown) => send({ kind: "columns", shown }));
  const button = (text, title, act) => {
    const made = make("button", "", text);
    made.type = "button";
    made.title = title;
    made.addEventListener("click", act);
    return made;
  };
  const sight = "Download the rows and columns in sight";
  const reset = button("Clear filters", "Show all rows again", () => { search.value = ""; search.focus(); select({ words: "", filters: {} }); });
  const end = make("span", "pnw-bar-end");
  end.append(columns.element, button("CSV", `${sight}, for Excel`, () => files.start("csv")), button("Excel", sight, () => files.start("excel")));
  bar.append(search, count, reset, end);

  const window_ = make("div", "pnw-window");
  const table = make("table");
  table.id = gridId;
  table.tabIndex = 0;
  table.setAttribute("role", "grid");
  const widths = make("colgroup"), top = make("thead"), body = make("tbody"), above = spacer(), below = spacer();
  table.append(widths, top, body);
  window_.append(table);
  el.append(caption, bar, window_, status);

  const height = () => Math.min(head.rows, TALLEST) * ROW;
  const select = (changes) => head && send({ kind: "select", words: head.words, filters: head.filters, column: head.column, down: head.down, ...changes });
  const pixels = (place) => Math.min((head.columns[head.shown[place]].width * character) | 0, place ? Infinity : Math.max(90, (0.4 * window_.clientWidth) | 0));
  const numberWidth = () => ((String(head.rows).length + 3) * character) | 0;

  // Places among the shown columns that are in sight, beside the first, which always is.
  function inSight() {
    const from = window_.scrollLeft, to = from + window_.clientWidth;
    let first = 1, last = head.shown.length;
    while (first < last - 1 && offsets[first + 1] < from) first += 1;
    while (last > first + 1 && offsets[last - 1] > to) last -= 1;
    return [Math.max(1, first - 2), Math.min(head.shown.length, last + 2)];
  }
  const places = () => (head.shown.length ? [0, ...Array.from({ length: Math.max(0, span[1] - span[0]) }, (_, at) => span[0] + at)] : []);

  function measure() {
    const probe = make("span", "", "0".repeat(20));
    body.parentNode.parentNode.append(probe);
    probe.className = "pnw-probe";
    character = probe.getBoundingClientRect().width / 20 || 7;
    probe.remove();
    offsets = [numberWidth()];
    head.shown.forEach((_, place) => offsets.push(offsets[place] + pixels(place)));
  }

  function gap(tag, wide) { // stands for columns out of sight
    const cell = make(tag, "pnw-gap");
    cell.setAttribute("role", "presentation");
    cell.dataset.wide = wide;
    return cell;
  }

  // The cells of one row: what `draw` makes for each column in sight, with a gap before and after.
  function across(line, first, draw) {
    line.append(first);
    places().forEach((place, at) => {
      if (at === 1) line.append(gap("td"));
      const cell = draw(place);
      cell.setAttribute("aria-colindex", place + 2);
      if (place === 0) { cell.classList.add("pnw-frozen"); cell.style.left = `${numberWidth()}px`; }
      line.append(cell);
    });
    line.append(gap("td"));
    return line;
  }

  function drawColumns() {
    const all = offsets[offsets.length - 1], drawn = places();
    const sizes = [numberWidth(), ...drawn.flatMap((place, at) => (at === 1 ? [offsets[span[0]] - offsets[1], pixels(place)] : [pixels(place)]))];
    widths.replaceChildren(...[...sizes, null].map((wide) => { const col = make("col"); if (wide !== null) col.style.width = `${wide}px`; return col; }));
    table.style.width = `max(100%, ${all}px)`;
  }

  function sortButton(place) {
    const at = head.shown[place], column = head.columns[at], sorted = head.column === at;
    const cell = make("th", column.right ? "pnw-right" : "");
    cell.scope = "col";
    cell.setAttribute("aria-sort", sorted ? (head.down ? "descending" : "ascending") : "none");
    const made = button(column.title + (sorted ? (head.down ? " ▼" : " ▲") : ""), column.label, () => {
      const next = !sorted ? { column: at, down: false } : head.down ? { column: null, down: false } : { down: true };
      report(next.column === null ? "In the order of the list." : `Sorted by ${column.title}, ${next.down ? "descending" : "ascending"}.`);
      select(next);
    });
    made.dataset.key = `sort ${at}`;
    cell.append(made);
    return cell;
  }

  function filterField(place) {
    const at = head.shown[place], cell = make("td", "pnw-filters"), field = make("input");
    field.type = "search";
    field.value = head.filters[at] || "";
    field.placeholder = "filter";
    field.title = "Part of a cell, =the whole cell, >100, <=2026-01-31, or (missing)";
    field.setAttribute("aria-label", `Filter ${head.columns[at].title}`);
    field.dataset.key = `filter ${at}`;
    let waiting = 0;
    field.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => select({ filters: { ...head.filters, [at]: field.value } }), 250);
    });
    cell.append(field);
    return cell;
  }

  function drawHead() {
    const kept = top.contains(document.activeElement) ? document.activeElement : null;
    const key = kept?.dataset.key, typed = kept?.value, cursor = kept?.selectionStart;
    const corner = make("th", "pnw-number", "#");
    corner.scope = "col";
    corner.setAttribute("aria-colindex", 1);
    const titles = across(make("tr"), corner, sortButton);
    const blank = make("td", "pnw-number");
    const filters = across(make("tr", "pnw-filter-row"), blank, filterField);
    [titles, filters].forEach((line, at) => line.setAttribute("aria-rowindex", at + 1));
    top.replaceChildren(titles, filters);
    const again = key && top.querySelector(`[data-key="${key}"]`);
    if (again) {
      again.focus({ preventScroll: true });
      if (typed !== undefined && again.type === "search") { again.value = typed; again.setSelectionRange(cursor, cursor); }
    }
  }

  function spacer() {
    const row = make("tr", "pnw-space");
    row.setAttribute("role", "presentation");
    row.append(make("td"));
    row.firstChild.setAttribute("role", "presentation");
    return row;
  }

  function row(number, cells) {
    const line = make("tr");
    line.setAttribute("aria-rowindex", number + TOP + 1);
    const first = make("td", "pnw-number", (number + 1).toLocaleString("en"));
    first.setAttribute("aria-colindex", 1);
    return across(line, first, (place) => {
      const text = cells ? cells[place] : "…";
      const cell = make("td", head.columns[head.shown[place]].right ? "pnw-right" : "", text);
      cell.id = `${gridId}-${number}-${place}`;
      if (text && text.length > 12) cell.title = text;
      return cell;
    });
  }

  function draw() {
    if (!head || !el.isConnected) return;
    const seen = inSight();
    if (!span || seen[0] !== span[0] || seen[1] !== span[1]) {
      span = seen;
      drawColumns();
      drawHead();
      for (const { line } of lines.values()) line.remove();
      lines = new Map();
    }
    const limit = Math.min(head.rows, TALLEST);
    const first = Math.max(0, Math.floor(window_.scrollTop / ROW) - 5);
    const last = Math.min(limit, first + Math.ceil(window_.clientHeight / ROW) + 10);
    for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block += 1) fetchBlock(block);
    above.firstChild.style.height = `${first * ROW}px`;
    below.firstChild.style.height = `${height() - last * ROW}px`;
    fill(first, last);
    mark();
    el.dataset.first = first;
    el.dataset.ready = String(blocks.has(Math.floor(first / BLOCK)) || head.rows === 0);
  }

  function fill(first, last) { // lines that stay in sight stay as they are
    const cells = (number) => blocks.get(Math.floor(number / BLOCK))?.[number % BLOCK];
    for (const [number, { line, whole }] of lines) {
      if (number < first || number >= last || (!whole && cells(number))) { line.remove(); lines.delete(number); }
    }
    let before = above;
    for (let number = first; number < last; number += 1) {
      if (!lines.has(number)) {
        const line = row(number, cells(number));
        lines.set(number, { line, whole: Boolean(cells(number)) });
        before.after(line);
      }
      before = lines.get(number).line;
    }
  }

  // The active cell: the grid keeps the focus, so that it is not lost with a row that leaves the page.
  function mark() {
    body.querySelector(".pnw-active-cell")?.classList.remove("pnw-active-cell");
    const cell = active && document.getElementById(`${gridId}-${active[0]}-${active[1]}`);
    if (!cell) { table.removeAttribute("aria-activedescendant"); return; }
    cell.classList.add("pnw-active-cell");
    table.setAttribute("aria-activedescendant", cell.id);
  }

  function reveal() {
    const [number, place] = active, room = window_.clientHeight - top.offsetHeight - ROW;
    if (number * ROW < window_.scrollTop) window_.scrollTop = number * ROW;
    else if (number * ROW > window_.scrollTop + room) window_.scrollTop = number * ROW - room;
    if (place > 0) {
      if (offsets[place] < window_.scrollLeft + offsets[1]) window_.scrollLeft = offsets[place] - offsets[1];
      else if (offsets[place + 1] > window_.scrollLeft + window_.clientWidth) window_.scrollLeft = Math.min(offsets[place] - offsets[1], offsets[place + 1] - window_.clientWidth);
    }
    draw();
  }

  table.addEventListener("keydown", (event) => {
    if (event.target !== table || !head || !head.rows || !head.shown.length) return;
    const page = Math.max(1, Math.floor(window_.clientHeight / ROW) - 3), rows = Math.min(head.rows, TALLEST) - 1, last = head.shown.length - 1;
    const far = event.ctrlKey || event.metaKey;
    const [number, place] = active || [Math.ceil(window_.scrollTop / ROW), 0];
    const moves = {
      ArrowDown: [number + (active ? 1 : 0), place], ArrowUp: [number - 1, place], ArrowRight: [number, place + 1], ArrowLeft: [number, place - 1],
      PageDown: [number + page, place], PageUp: [number - page, place], Home: far ? [0, 0] : [number, 0], End: far ? [rows, last] : [number, last],
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    active = [Math.max(0, Math.min(rows, moves[event.key][0])), Math.max(0, Math.min(last, moves[event.key][1]))];
    reveal();
  });
  table.addEventListener("focus", () => { if (!active && head?.rows) { active = [Math.ceil(window_.scrollTop / ROW), 0]; mark(); } });
  body.addEventListener("click", (event) => {
    const found = event.target.id?.match(/-(\d+)-(\d+)$/);
    if (found && !String(getSelection())) { active = [Number(found[1]), Number(found[2])]; table.focus({ preventScroll: true }); mark(); }
  });

  function fetchBlock(block) {
    if (blocks.has(block) || requested.has(block)) return;
    requested.add(block);
    send({ kind: "rows", first: block * BLOCK, count: BLOCK });
  }

  function keep(message) {
    const block = message.first / BLOCK;
    requested.delete(block);
    blocks.delete(block);
    blocks.set(block, message.cells);
    if (blocks.size > KEPT) blocks.delete(blocks.keys().next().value);
  }

  function drawCaption() {
    const old = model.get("outdated");
    el.classList.toggle("pnw-outdated", old);
    table.setAttribute("aria-busy", String(old));
    if (!head) return;
    caption.replaceChildren(make("span", "", head.caption));
    if (head.partial) caption.prepend(make("strong", "pnw-partial", head.partial));
    if (old) caption.prepend(make("strong", "", "Rows of the fetch before: "));
    caption.hidden = !caption.textContent;
    table.setAttribute("aria-label", [head.partial, head.caption || "Table"].filter(Boolean).join(" "));
  }

  function begin(message) {
    const again = head && head.turn === message.turn, other = !head || head.shown.join() !== message.shown.join() || head.all !== message.all;
    head = message;
    blocks = new Map();
    requested = new Set();
    lines = new Map();
    span = null;
    body.replaceChildren(above, below);
    keep(message);
    const part = head.rows === head.all ? "" : ` of ${head.all.toLocaleString("en")}`;
    const filters = Object.entries(head.filters).map(([at, words]) => `${head.columns[at].title} ${words}`);
    const empty = !head.shown.length ? "No column is chosen: choose some under Columns. Downloads need one."
      : head.all === 0 ? "No rows: the list is empty." : head.rows === 0 ? "Nothing matches the search and the filters." : "";
    const rows = `${head.rows.toLocaleString("en")}${part} ${head.all === 1 ? "row" : "rows"}`;
    count.textContent = (empty || rows) + (filters.length ? ` · filter: ${filters.join("; ")}` : "");
    reset.hidden = !filters.length && !head.words;
    if (document.activeElement !== search) search.value = head.words;
    columns.draw(head.columns, head.order, head.shown);
    const tall = Math.min(TALL, head.rows * ROW + 24 + (TOP + 1) * ROW);
    if (tall !== fitted) { fitted = tall; window_.style.height = `${tall}px`; }
    table.setAttribute("aria-rowcount", head.rows + TOP);
    table.setAttribute("aria-colcount", head.shown.length + 1);
    drawCaption();
    measure();
    if (!again) { window_.scrollTop = 0; active = null; }
    if (other) window_.scrollLeft = 0;
    draw();
  }

  let waiting = 0, frame = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!head) return;
      count.textContent = "Searching …";
      select({ words: search.value });
    }, 200);
  });
  keepKeys(el);
  window_.addEventListener("scroll", () => {
    if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); });
  });
  const sized = new ResizeObserver(() => { if (head) { measure(); draw(); } });
  sized.observe(window_);

  const receive = (message, buffers) => {
    if (message.to && message.to !== viewId) return;
    if (message.kind === "head") begin(message);
    else if (message.kind === "rows" && head && message.turn === head.turn) { keep(message); draw(); }
    else files.receive(message, buffers);
  };
  model.on("msg:custom", receive);
  model.on("change:outdated", drawCaption);
  const forget = whenKernelGoes(model, () => el, () => report("The kernel behind this table is gone: run the cell again.", true));
  send({ kind: "ready" });
  return () => { model.off("msg:custom", receive); model.off("change:outdated", drawCaption); forget(); sized.disconnect(); clearTimeout(waiting); };
}
export default { render };
