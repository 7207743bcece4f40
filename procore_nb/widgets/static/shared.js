// Shared by all parts: elements made from text (never from markup), and what is sent to the kernel.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}
let pnwCount = 0;
function newId() { pnwCount += 1; return `pnw-${Date.now().toString(36)}-${pnwCount}`; }

// Single keys are shortcuts of the notebook: what is typed here is not for it, while Ctrl+S and the like still are.
function keepKeys(node) {
  node.addEventListener("keydown", (event) => { if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); });
}

// Sends a message to the kernel; where that is gone, sending fails, and the form shows it.
function sendTo(model, content) {
  try { model.send(content); } catch { goneActs.get(model)?.(); }
}
