// Bars with their labels and numbers, as buttons that filter the table by their value.
function render({ model, el }) {
  el.classList.add("pnw-part", "pnw-counts");
  const receive = (message) => {
    if (message.kind !== "bars") return;
    const most = Math.max(1, ...message.bars.map(([, number]) => number));
    const focused = [...el.querySelectorAll("button")].indexOf(document.activeElement);
    const list = make("ul", "pnw-bars");
    list.setAttribute("aria-label", `Counts by ${message.title}`);
    list.append(...message.bars.map(([label, number, words]) => {
      const item = make("li"), line = make(words ? "button" : "div", "pnw-count-line");
      const name = make("span", "pnw-count-name", label || "(empty text)");
      const track = make("span", "pnw-track"), bar = make("span", "pnw-fill");
      bar.style.width = `${(100 * number) / most}%`;
      track.append(bar);
      line.append(name, track, make("span", "pnw-count-number", number.toLocaleString("en")));
      if (words) {
        line.type = "button";
        line.title = "Show these rows only; again for all";
        line.setAttribute("aria-pressed", String(words === message.chosen));
        line.addEventListener("click", () => sendTo(model, { kind: "pick", words }));
      }
      item.append(line);
      return item;
    }));
    el.replaceChildren(list);
    if (focused >= 0) el.querySelectorAll("button")[focused]?.focus();
  };
  keepKeys(el);
  model.on("msg:custom", receive);
  sendTo(model, { kind: "ready" });
  return () => model.off("msg:custom", receive);
}
export default { render };
