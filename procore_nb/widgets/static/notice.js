// Words where the eye is: what is going on, what went wrong, what to do. Text is only ever text.
const MARKS = { error: "✗", warning: "!", done: "✓", info: "i", busy: "" };

function stepLine(step) {
  const line = make("li");
  const [mark, kind, said] = step.ok === true ? ["✓", "pnw-yes", "works: "] : step.ok === false ? ["✗", "pnw-no", "fails: "] : ["–", "", "not tried: "];
  const sign = make("span", kind, mark);
  sign.setAttribute("aria-label", said);
  line.append(sign, make("span", "", step.step), make("span", "", step.detail));
  if (step.advice) line.append(make("span", "pnw-advice", step.advice));
  return line;
}

function render({ model, el }) {
  el.classList.add("pnw-part");
  const box = make("div");
  box.setAttribute("role", "status");
  box.setAttribute("aria-live", "polite");
  el.append(box);

  const show = (said) => {
    box.replaceChildren();
    box.className = `pnw-notice pnw-notice-${said.level}`;
    box.hidden = !said.text;
    if (!said.text) return;
    const words = make("div", "pnw-said");
    words.append(make("p", "", said.text));
    if (said.advice) words.append(make("p", "pnw-advice", said.advice));
    if (said.steps && said.steps.length) {
      const list = make("ul", "pnw-steps");
      list.append(...said.steps.map(stepLine));
      words.append(list);
    }
    if (typeof said.share === "number") {
      const bar = make("progress");
      bar.max = 1;
      bar.value = said.share;
      bar.setAttribute("aria-label", "done so far");
      words.append(bar);
    }
    box.append(make("span", "pnw-mark", MARKS[said.level] ?? ""), words);
  };
  const draw = () => show(model.get("said"));
  model.on("change:said", draw);
  draw();
  const forget = whenKernelGoes(model, () => {
    show({ level: "error", text: "The kernel behind this form is gone.", advice: "Run the cell again; nothing here is connected any more." });
    const form = el.closest(".pnw-form");
    const ours = form ? [...form.children].filter((child) => !child.contains(el)) : [];
    ours.forEach((child) => { child.inert = true; child.classList.add("pnw-gone"); });
  });
  const clicked = (event) => { // the buttons of a form stay silent when nobody hears them
    if (el.closest(".pnw-form")?.contains(event.target)) speak(model, { kind: "still there?" });
  };
  document.addEventListener("click", clicked);
  return () => { model.off("change:said", draw); document.removeEventListener("click", clicked); forget(); };
}
export default { render };
