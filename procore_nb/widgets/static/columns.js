// Which columns are shown: a list of ticks that opens under its button.
function columnChooser(changed) {
  const box = make("details", "pnw-columns");
  const title = make("summary", "", "Columns");
  const panel = make("div", "pnw-columns-panel");
  const find = make("input");
  find.type = "search";
  find.placeholder = "find a column";
  find.setAttribute("aria-label", "Find a column");
  const list = make("div", "pnw-columns-list");
  const buttons = make("div", "pnw-columns-buttons");
  let ticks = [];

  const chosen = () => ticks.filter((tick) => tick.input.checked).map((tick) => tick.at);
  const all = (on) => {
    ticks.forEach((tick) => { if (!tick.row.hidden) tick.input.checked = on; });
    changed(chosen());
  };
  for (const [text, on] of [["All", true], ["None", false]]) {
    const button = make("button", "", text);
    button.type = "button";
    button.addEventListener("click", () => all(on));
    buttons.append(button);
  }
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase();
    ticks.forEach((tick) => { tick.row.hidden = !tick.found.includes(words); });
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { box.open = false; title.focus(); }
  });
  box.addEventListener("focusout", (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) box.open = false; });
  panel.append(find, buttons, list);
  box.append(title, panel);

  return {
    element: box,
    draw(columns, order, shown) {
      const on = new Set(shown);
      title.textContent = `Columns ${shown.length} of ${columns.length}`;
      const same = ticks.length === columns.length && ticks.every((tick) => tick.label === columns[tick.at]?.label);
      if (!same) {
        ticks = order.map((at) => {
          const column = columns[at], row = make("label"), input = make("input");
          input.type = "checkbox";
          input.addEventListener("change", () => changed(chosen()));
          row.append(input, make("span", "", column.title), make("code", "", column.label));
          return { at, label: column.label, found: `${column.title} ${column.label}`.toLowerCase(), input, row };
        });
        list.replaceChildren(...ticks.map((tick) => tick.row));
      }
      ticks.forEach((tick) => { tick.input.checked = on.has(tick.at); });
    },
  };
}
