// Says when the kernel behind a widget is gone. JupyterLab reports a kernel restarted in this tab, and sending fails where it
// was shut down; one that was restarted elsewhere takes messages as before, and no widget in it answers. So a touch asks.
// A kernel reports "idle" for a message once it has dealt with it, and a widget answers before: a busy kernel is never called
// gone. It is after two questions, as a server under load may drop an answer.
const QUIET = 2000, LOST = 4000; // milliseconds: from "idle" to the verdict; until a question without "idle" is asked again
const goneActs = new WeakMap();

// `owner` gives the element whose touches ask; `act` is called once.
function whenKernelGoes(model, owner, act) {
  let gone = false, answered = true, last = -QUIET, missed = 0, patience = LOST, waiting;
  const once = () => {
    clearTimeout(waiting);
    if (!gone) { gone = true; act(); }
  };
  const answer = (message) => {
    if (message.kind !== "still here") return;
    [answered, missed, patience] = [true, 0, LOST];
    clearTimeout(waiting);
  };
  const verdict = () => {
    missed += 1;
    if (missed > 1) once(); else ask();
  };
  const judge = (message) => {
    if (message.content.execution_state !== "idle" || answered) return;
    clearTimeout(waiting);
    waiting = setTimeout(verdict, QUIET);
  };
  const ask = () => {
    answered = false;
    last = performance.now();
    clearTimeout(waiting);
    waiting = setTimeout(ask, patience);
    patience *= 2; // a kernel busy for long gets few of them
    try { model.send({ kind: "still there?" }, { iopub: { status: judge } }); } catch { once(); }
  };
  const touched = (event) => {
    if (!gone && answered && performance.now() - last > QUIET && event.composedPath().includes(owner())) ask();
  };
  const touches = ["click", "keydown", "wheel"], how = { capture: true, passive: true };
  touches.forEach((name) => document.addEventListener(name, touched, how));
  goneActs.set(model, once);
  model.on("comm_live_update", once);
  model.on("msg:custom", answer);
  return () => {
    touches.forEach((name) => document.removeEventListener(name, touched, how));
    clearTimeout(waiting);
    goneActs.delete(model);
    model.off("comm_live_update", once);
    model.off("msg:custom", answer);
  };
}
