// What is typed here leaves as one message and never becomes widget state, so no notebook file can hold it.
function render({ model, el }) {
  el.classList.add("pnw-part", "pnw-secret");
  const label = make("label", "", model.get("label"));
  const input = make("input");
  input.type = "password";
  input.id = label.htmlFor = newId();
  input.autocomplete = "new-password";
  input.spellcheck = false;
  el.append(label, input);
  keepKeys(input);

  const send = (submit) => {
    const text = input.value;
    input.value = "";
    if (text || submit) sendTo(model, { kind: "secret", text, submit });
  };
  input.addEventListener("blur", () => send(false));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      send(true);
      input.dispatchEvent(new CustomEvent("pnw-enter", { bubbles: true })); // after the secret, the values of the form
    }
    if (event.key === "Escape") input.value = "";
  });
  const show = () => {
    input.disabled = model.get("disabled");
    input.placeholder = model.get("held") ? "received and kept in memory; type to replace it" : model.get("placeholder");
  };
  const draw = ["disabled", "held", "placeholder"].map((name) => `change:${name}`).join(" ");
  model.on(draw, show);
  show();
  return () => { input.value = ""; model.off(draw, show); };
}
export default { render };
