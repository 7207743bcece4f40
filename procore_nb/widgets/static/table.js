// A window onto rows that stay in the kernel: only what is in sight is requested, a block at a time.
const BLOCK = 100, ROW = 26, KEPT = 60, TALL = 420, TALLEST = 1200000;

function render({ model, el }) {
  const viewId = newId();
  let head = null, blocks = new Map(), requested = new Set(), lines = new Map(), fitted = 0;
  el.classList.add("pnw-part", "pnw-table");
  const send = (content) => sendTo(model, { ...content, from: viewId });

  const bar = make("div", "pnw-bar");
  const search = make("input");
  search.type = "search";
  search.placeholder = "search all columns";
  search.setAttribute("aria-label", "Search the table");
  const count = make("span", "pnw-count", "Run the cell to see the table.");
  const status = make("span", "pnw-table-status");
  status.setAttribute("role", "status");
  const report = (text, bad) => { status.textContent = text; status.classList.toggle("pnw-bad", Boolean(bad)); };
  const files = downloads(model, viewId, report);
  const columns = columnChooser((shown) => send({ kind: "columns", shown }));
  const save = (text, as) => {
    const button = make("button", "", text);
    button.type = "button";
    button.title = "Download the rows and columns in sight";
    button.addEventListener("click", () => files.start(as));
    return button;
  };
  const end = make("span", "pnw-bar-end");
  end.append(columns.element, save("CSV", "csv"), save("Excel", "excel"));
  bar.append(search, count, end);

  const window_ = make("div", "pnw-window");
  window_.tabIndex = 0;
  window_.setAttribute("role", "region");
  window_.setAttribute("aria-label", "Table; arrow and page keys scroll");
  const table = make("table");
  const widths = make("colgroup"), top = make("thead"), body = make("tbody"), above = spacer(), below = spacer();
  table.append(widths, top, body);
  window_.append(table);
  el.append(bar, window_, status);

  const height = () => Math.min(head.rows, TALLEST) * ROW;
  const select = (changes) => send({ kind: "select", words: head.words, column: head.column, down: head.down, ...changes });

  function drawHead() {
    const cells = make("tr");
    cells.append(make("th", "pnw-number", "#"));
    widths.replaceChildren(make("col"));
    widths.firstChild.style.width = `${String(head.rows).length + 3}ch`;
    let whole = String(head.rows).length + 3;
    for (const at of head.shown) {
      const column = head.columns[at];
      const cell = make("th", column.right ? "pnw-right" : "");
      const sorted = head.column === at;
      const button = make("button", "", column.label + (sorted ? (head.down ? " ▼" : " ▲") : ""));
      button.type = "button";
      button.title = column.label;
      button.addEventListener("click", () => select(sorted ? (head.down ? { column: null, down: false } : { down: true }) : { column: at, down: false }));
      cell.setAttribute("aria-sort", sorted ? (head.down ? "descending" : "ascending") : "none");
      cell.append(button);
      cells.append(cell);
      const col = make("col");
      col.style.width = `${column.width}ch`;
      whole += column.width;
      widths.append(col);
    }
    cells.append(make("td")); // fills what is left of a wide page
    widths.append(make("col"));
    table.style.width = `max(100%, ${whole}ch)`;
    table.setAttribute("aria-rowcount", head.rows);
    const focused = [...top.querySelectorAll("button")].indexOf(document.activeElement);
    top.replaceChildren(cells);
    if (focused >= 0) top.querySelectorAll("button")[focused]?.focus();
  }

  function spacer() {
    const row = make("tr", "pnw-space");
    row.setAttribute("aria-hidden", "true");
    return row;
  }

  function row(number, cells) {
    const line = make("tr");
    line.setAttribute("aria-rowindex", number + 1);
    line.append(make("td", "pnw-number", (number + 1).toLocaleString("en")));
    head.shown.forEach((at, place) => {
      const text = cells ? cells[place] : "…";
      const cell = make("td", head.columns[at].right ? "pnw-right" : "", text);
      if (text && text.length > 12) cell.title = text;
      line.append(cell);
    });
    line.append(make("td"));
    return line;
  }

  function draw() {
    if (!head) return;
    const limit = Math.min(head.rows, TALLEST);
    const first = Math.max(0, Math.floor(window_.scrollTop / ROW) - 5);
    const last = Math.min(limit, first + Math.ceil(window_.clientHeight / ROW) + 10);
    for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block += 1) fetchBlock(block);
    above.style.height = `${first * ROW}px`;
    below.style.height = `${height() - last * ROW}px`;
    fill(first, last);
    el.dataset.first = first;
    el.dataset.ready = String(blocks.has(Math.floor(first / BLOCK)) || head.rows === 0);
  }

  function fill(first, last) { // lines that stay in sight stay as they are: a new line costs as much as there are columns
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

  function begin(message) {
    const again = head && head.turn === message.turn;
    head = message;
    blocks = new Map();
    requested = new Set();
    lines = new Map();
    body.replaceChildren(above, below);
    keep(message);
    const part = head.rows === head.all ? "" : ` of ${head.all.toLocaleString("en")}`;
    const empty = head.all === 0 ? "No rows: the list is empty." : head.rows === 0 ? "Nothing matches the search." : "";
    count.textContent = empty || `${head.rows.toLocaleString("en")}${part} ${head.all === 1 ? "row" : "rows"}${head.source && ` · ${head.source}`}`;
    if (document.activeElement !== search) search.value = head.words;
    columns.draw(head.columns, head.shown);
    const tall = Math.min(TALL, head.rows * ROW + 50);
    if (tall !== fitted) { fitted = tall; window_.style.height = `${tall}px`; }
    drawHead();
    if (!again) window_.scrollTop = 0;
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
  const sized = new ResizeObserver(draw);
  sized.observe(window_);

  const receive = (message, buffers) => {
    if (message.to && message.to !== viewId) return;
    if (message.kind === "head") begin(message);
    else if (message.kind === "rows" && head && message.turn === head.turn) { keep(message); draw(); }
    else files.receive(message, buffers);
  };
  model.on("msg:custom", receive);
  const forget = whenKernelGoes(model, () => report("The kernel behind this table is gone: run the cell again.", true));
  send({ kind: "ready" });
  return () => { model.off("msg:custom", receive); forget(); sized.disconnect(); clearTimeout(waiting); };
}
export default { render };
