// The message of a form: what is going on, what went wrong, what to do. Text is only ever text.
const MARKS = { error: "✗", warning: "!", done: "✓", info: "i", busy: "" };

function stepLine(step) {
  const line = make("li");
  const [mark, kind, label] = step.ok === true ? ["✓", "pnw-yes", "works: "] : step.ok === false ? ["✗", "pnw-no", "fails: "] : ["–", "", "not tried: "];
  const sign = make("span", kind, mark);
  sign.setAttribute("aria-label", label);
  line.append(sign, make("span", "", step.step), make("span", "", step.detail));
  if (step.advice) line.append(make("span", "pnw-advice", step.advice));
  return line;
}

// What ipywidgets leaves out for a screen reader: which button of a group is pressed; and the focus of a field that was
// disabled while the form was busy goes back to it.
function assist(form) {
  const press = () => form.querySelectorAll(".widget-toggle-buttons button").forEach((button) => {
    const pressed = String(button.classList.contains("mod-active"));
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  });
  let last = null;
  const focused = (event) => { last = event.target; };
  const changed = new MutationObserver(() => {
    press();
    const lost = !document.activeElement || document.activeElement === document.body || document.activeElement.contains(form);
    if (last && lost && last.isConnected && !last.disabled && last.dataset.lost) {
      delete last.dataset.lost;
      last.focus({ preventScroll: true });
    } else if (last?.disabled) last.dataset.lost = "true";
  });
  press();
  form.addEventListener("focusin", focused);
  changed.observe(form, { subtree: true, childList: true, attributes: true, attributeFilter: ["class", "disabled"] });
  return () => { changed.disconnect(); form.removeEventListener("focusin", focused); };
}

function render({ model, el }) {
  el.classList.add("pnw-part");
  const box = make("div");
  box.setAttribute("role", "status");
  box.setAttribute("aria-live", "polite");
  el.append(box);

  const show = (message) => {
    box.replaceChildren();
    box.className = `pnw-status pnw-status-${message.level}`;
    box.hidden = !message.text;
    if (!message.text) return;
    const words = make("div", "pnw-message");
    words.append(make("p", "", message.text));
    if (message.advice) words.append(make("p", "pnw-advice", message.advice));
    if (message.steps && message.steps.length) {
      const list = make("ul", "pnw-steps");
      list.append(...message.steps.map(stepLine));
      words.append(list);
    }
    if (typeof message.share === "number") {
      const bar = make("progress");
      bar.max = 1;
      bar.value = message.share;
      bar.setAttribute("aria-label", "done so far");
      words.append(bar);
    }
    box.append(make("span", "pnw-mark", MARKS[message.level] ?? ""), words);
  };
  const draw = () => show(model.get("message"));
  model.on("change:message", draw);
  draw();
  const owner = () => el.closest(".pnw-form") ?? el.closest(".widget-vbox") ?? el;
  const forget = whenKernelGoes(model, owner, () => {
    show({ level: "error", text: "The kernel behind this form is gone.", advice: "Run the cell again; nothing here is connected any more." });
    const ours = [...owner().children].filter((child) => !child.contains(el) && !child.matches(".widget-html")); // a report can still be read
    ours.forEach((child) => { child.inert = true; child.classList.add("pnw-gone"); });
  });
  let unassist = () => {};
  const waiting = setTimeout(() => { const form = el.closest(".pnw-form"); if (form) unassist = assist(form); }); // once it is on the page
  return () => { model.off("change:message", draw); clearTimeout(waiting); unassist(); forget(); };
}
export default { render };
