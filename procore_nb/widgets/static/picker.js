// Choose from a long list by typing: every key filters here, in the browser, over text that was sent once.
const FIRST = 60, MORE = 200; // lines drawn after a key, and added each time the end comes near
function plain(text) { return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase(); }

function render({ model, el }) {
  const viewId = newId(), listId = newId();
  let ranked = false, found = { words: "", keys: [] }; // lists are searched by the kernel, in the order of find_endpoints
  let rows = [], several = true, noun = "", empty = "", limit = FIRST, chosen = new Set(), matches = [], active = -1;
  let pending = false; // Enter was pressed before the kernel has ranked the words: the first of its list is taken then
  el.classList.add("pnw-part", "pnw-picker");

  const bar = make("div", "pnw-bar");
  const input = make("input");
  input.type = "search";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", listId);
  input.autocomplete = "off";
  const count = make("span", "pnw-count", "Run the cell to see the list.");
  count.setAttribute("role", "status");
  const addAll = make("button", "", "");
  const clear = make("button", "", "Clear");
  for (const button of [addAll, clear]) button.type = "button";
  bar.append(input, count, addAll, clear);
  const chips = make("div", "pnw-chips");
  const list = make("div", "pnw-list");
  list.id = listId;
  list.setAttribute("role", "listbox");
  el.append(bar, chips, list);
  keepKeys(el);

  const sendChosen = () => sendTo(model, { kind: "choose", from: viewId, keys: [...chosen] });

  function option(row, place) {
    const line = make("div", "pnw-option");
    line.id = `${listId}-${place}`;
    line.setAttribute("role", "option");
    line.setAttribute("aria-selected", String(chosen.has(row.key)));
    line.append(make("span", "pnw-tick", chosen.has(row.key) ? "✓" : ""));
    row.cells.forEach((text) => { const cell = make("span", "pnw-cell", text); cell.title = text; line.append(cell); });
    line.addEventListener("mousedown", (event) => event.preventDefault());
    line.addEventListener("click", () => { active = place; toggle(row.key); });
    return line;
  }

  function draw() {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    matches = words.length ? rows.filter((row) => words.every((word) => row.hay.includes(word))) : rows;
    if (words.length && matches.length > 1) { // names that begin with what was typed come first
      const begins = matches.filter((row) => row.hay.startsWith(words[0]));
      if (begins.length && begins.length < matches.length) matches = [...begins, ...matches.filter((row) => !row.hay.startsWith(words[0]))];
    }
    if (ranked && words.length && found.words === input.value) {
      const byKey = new Map(rows.map((row) => [row.key, row]));
      matches = found.keys.map((key) => byKey.get(key)).filter(Boolean);
    }
    active = Math.min(active, matches.length - 1);
    const lines = [];
    let group = "";
    matches.slice(0, limit).forEach((row, place) => {
      if (row.group && row.group !== group && !(ranked && words.length)) { group = row.group; lines.push(make("div", "pnw-group", group)); }
      lines.push(option(row, place));
    });
    if (matches.length > limit) lines.push(make("div", "pnw-more", `and ${(matches.length - limit).toLocaleString("en")} more: scroll or type on`));
    if (!matches.length) lines.push(make("div", "pnw-more", rows.length ? "Nothing matches." : empty));
    list.replaceChildren(...lines);
    mark();
    const share = words.length ? `${matches.length.toLocaleString("en")} of ` : "";
    count.textContent = `${share}${rows.length.toLocaleString("en")} ${noun}` + (several ? `, ${chosen.size.toLocaleString("en")} chosen` : "");
    addAll.hidden = !several || !words.length || !matches.length;
    addAll.textContent = `Add these ${matches.length.toLocaleString("en")}`;
    clear.hidden = !several || !chosen.size;
    el.dataset.ready = "true";
    el.dataset.matches = matches.length;
  }

  function drawChips() {
    const named = rows.filter((row) => chosen.has(row.key));
    const parts = named.slice(0, 8).map((row) => {
      const chip = make("button", "pnw-chip", `${row.cells[0]} ✕`);
      chip.type = "button";
      chip.setAttribute("aria-label", `Remove ${row.cells[0]}`);
      chip.addEventListener("click", () => { toggle(row.key); (chips.querySelector("button") || input).focus(); });
      return chip;
    });
    if (named.length > 8) parts.push(make("span", "pnw-count", `and ${named.length - 8} more`));
    chips.replaceChildren(...(several ? parts : []));
    chips.hidden = !several || !named.length;
  }

  function mark() {
    list.querySelectorAll(".pnw-active").forEach((line) => line.classList.remove("pnw-active"));
    const line = active >= 0 ? document.getElementById(`${listId}-${active}`) : null;
    if (line) { line.classList.add("pnw-active"); line.scrollIntoView({ block: "nearest" }); input.setAttribute("aria-activedescendant", line.id); }
    else input.removeAttribute("aria-activedescendant");
  }

  function showChosen() { // in the list alone: scrollIntoView would move the notebook too
    const line = list.querySelector("[aria-selected=true]");
    if (!line) return;
    const [own, around] = [line.getBoundingClientRect(), list.getBoundingClientRect()];
    if (own.top < around.top || own.bottom > around.bottom) list.scrollTop += own.top - around.top - around.height / 2;
  }

  function toggle(key) {
    if (!several) chosen = new Set([key]);
    else if (!chosen.delete(key)) chosen.add(key);
    drawChips();
    const top = list.scrollTop;
    draw();
    list.scrollTop = top;
    sendChosen();
  }

  input.addEventListener("input", () => { pending = false; active = input.value ? 0 : -1; limit = FIRST; draw(); list.scrollTop = 0; if (ranked && input.value.trim()) sendTo(model, { kind: "search", words: input.value }); });
  input.addEventListener("keydown", (event) => {
    const last = matches.length - 1;
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in moves) { active = Math.max(0, Math.min(last, active + moves[event.key])); if (active >= limit) { limit = active + MORE; draw(); } else mark(); event.preventDefault(); }
    else if (event.key === "Enter" && ranked && input.value.trim() && found.words !== input.value) { pending = true; event.preventDefault(); }
    else if (event.key === "Enter" && matches[active]) { toggle(matches[active].key); event.preventDefault(); }
    else if (event.key === "Escape") { input.value = ""; active = -1; pending = false; draw(); }
  });
  list.addEventListener("scroll", () => {
    if (limit < matches.length && list.scrollTop + 2 * list.clientHeight > list.scrollHeight) {
      limit += MORE;
      const top = list.scrollTop;
      draw();
      list.scrollTop = top;
    }
  });
  addAll.addEventListener("click", () => { matches.forEach((row) => chosen.add(row.key)); drawChips(); draw(); sendChosen(); });
  clear.addEventListener("click", () => { chosen = new Set(); drawChips(); draw(); sendChosen(); input.focus(); });

  const receive = (message) => {
    if (message.to && message.to !== viewId) return;
    if (message.kind === "rows") {
      several = message.several;
      rows = message.rows.map(([key, group, hidden, ...cells]) => ({ key, group, cells, hay: plain([...cells, hidden].join("  ")) }));
      ({ noun, empty, ranked } = message);
      input.placeholder = message.placeholder;
      input.setAttribute("aria-label", message.placeholder);
      list.setAttribute("aria-multiselectable", String(several));
      list.dataset.cells = message.rows.length ? message.rows[0].length - 3 : 0;
    }
    if (message.kind === "found") {
      found = message;
      if (found.words === input.value) { draw(); if (pending && matches[0]) { active = 0; toggle(matches[0].key); } pending = false; }
    }
    if (message.kind === "rows" || message.kind === "chosen") { chosen = new Set(message.chosen); drawChips(); draw(); if (!several) showChosen(); }
  };
  model.on("msg:custom", receive);
  const forget = whenKernelGoes(model, () => el, () => { count.textContent = "The kernel is gone: run the cell again."; el.inert = true; });
  sendTo(model, { kind: "ready", from: viewId });
  return () => { model.off("msg:custom", receive); forget(); };
}
export default { render };
