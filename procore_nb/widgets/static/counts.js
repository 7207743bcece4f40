// Bars with their labels and numbers, as a list that can also be read aloud.
function render({ model, el }) {
  el.classList.add("pnw-part", "pnw-counts");
  const receive = (message) => {
    if (message.kind !== "bars") return;
    const most = Math.max(1, ...message.bars.map(([, number]) => number));
    const list = make("div", "pnw-bars");
    list.setAttribute("role", "list");
    list.setAttribute("aria-label", `Counts by ${message.title}`);
    list.append(...message.bars.map(([label, number]) => {
      const line = make("div", "pnw-count-line");
      line.setAttribute("role", "listitem");
      const name = make("span", "pnw-count-name", label || "(empty text)");
      name.title = label;
      const track = make("span", "pnw-track");
      const bar = make("span", "pnw-fill");
      bar.style.width = `${(100 * number) / most}%`;
      track.append(bar);
      line.append(name, track, make("span", "pnw-count-number", number.toLocaleString("en")));
      return line;
    }));
    el.replaceChildren(list);
  };
  model.on("msg:custom", receive);
  sendTo(model, { kind: "ready" });
  return () => model.off("msg:custom", receive);
}
export default { render };
