// Shared by all parts: elements made from text (never from markup), and what happens when the kernel is gone.
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}
let pnwCount = 0;
function newId() { pnwCount += 1; return `pnw-${Date.now().toString(36)}-${pnwCount}`; }

// JupyterLab says so when the kernel behind a model was restarted or shut down. Elsewhere this stays quiet.
function whenKernelGoes(model, act) {
  model.on("comm_live_update", act);
  return () => model.off("comm_live_update", act);
}

// Single keys are shortcuts of the notebook: what is typed here is not for it, while Ctrl+S and the like still are.
function keepKeys(node) {
  node.addEventListener("keydown", (event) => { if (!event.ctrlKey && !event.metaKey) event.stopPropagation(); });
}

// Says something to the kernel; when that is gone nobody hears it, which the form says in words.
function speak(model, content) {
  try { model.send(content); } catch (error) { console.debug(`procore_nb: ${error.message}`); }
}
