// The line of Python that does the same, to copy.
function render({ model, el }) {
  el.classList.add("pnw-part", "pnw-snippet");
  const code = make("code");
  const copy = make("button", "", "Copy");
  copy.type = "button";
  copy.setAttribute("aria-label", "Copy the line of Python");
  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = "Copied";
    } catch {
      select(); // no clipboard on this page: mark it, so that the keys for copying work
      copy.textContent = "Press Ctrl+C";
    }
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  const draw = () => { code.textContent = model.get("code"); el.hidden = !model.get("code"); };
  el.append(code, copy);
  model.on("change:code", draw);
  draw();
  return () => model.off("change:code", draw);
}
export default { render };
