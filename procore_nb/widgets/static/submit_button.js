// A button whose click carries the values of the fields it acts on, in one message.
// While the kernel is busy, ipywidgets sends the first key typed into a field and holds back the rest until the kernel is
// idle. A click is not held back: without the values it would arrive before them.
function valueOf(field) {
  const labels = field.get("_options_labels");
  if (!labels) return field.serialize({ value: field.get("value") }).value;
  const index = field.get("index"); // options may change meanwhile: the label is what was seen
  return Array.isArray(index) ? index.map((at) => labels[at]) : index === null ? null : labels[index];
}

function render({ model, el }) {
  el.classList.add("pnw-submit");
  const button = make("button", "lm-Widget jupyter-widgets jupyter-button widget-button");
  button.type = "button";
  el.append(button);

  async function submit() {
    if (model.get("disabled")) return;
    const names = model.get("fields").map((name) => name.replace("IPY_MODEL_", ""));
    const fields = await Promise.all(names.map((name) => model.widget_manager.get_model(name)));
    const values = Object.fromEntries(fields.map((field, at) => [names[at], valueOf(field)]));
    sendTo(model, { kind: "click", values });
  }
  const inForm = (event) => el.closest(".pnw-form")?.contains(event.target);
  const enter = (event) => {
    if (!model.get("on_enter") || !inForm(event)) return;
    if (event.type === "pnw-enter" || (event.key === "Enter" && event.target.closest(".pnw-enter"))) submit();
  };
  button.addEventListener("click", submit);
  for (const type of ["keydown", "pnw-enter"]) document.addEventListener(type, enter, true);

  const draw = () => {
    button.textContent = model.get("description");
    button.title = model.get("tooltip");
    button.setAttribute("aria-disabled", String(model.get("disabled"))); // not disabled: the focus would be lost
    button.classList.toggle("mod-primary", model.get("primary"));
  };
  const changes = ["description", "tooltip", "disabled", "primary"].map((name) => `change:${name}`).join(" ");
  model.on(changes, draw);
  draw();
  return () => {
    model.off(changes, draw);
    for (const type of ["keydown", "pnw-enter"]) document.removeEventListener(type, enter, true);
  };
}
export default { render };
