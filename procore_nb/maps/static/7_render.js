// Pointer, wheel, keyboard and theme; then the one function that notebooks and the standalone page call.

ProjectMap.prototype.listen = function listen() {
  const { canvas, root } = this;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = at(event);
    this.pointers.set(event.pointerId, { x, y });
    this.start = { x, y, moved: false };
    this.box = this.boxing || event.shiftKey ? { x, y, toX: x, toY: y } : null;
    this.tooltip.hidden = true;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event), last = this.pointers.get(event.pointerId);
    if (!last) { this.hover(x, y); return; }
    if (this.start && Math.hypot(x - this.start.x, y - this.start.y) > 4) this.start.moved = true;
    if (this.box) Object.assign(this.box, { toX: x, toY: y });
    else if (this.pointers.size === 2) this.pinch(event.pointerId, x, y);
    else if (this.start?.moved) this.panBy(x - last.x, y - last.y);
    if (this.start?.moved || this.pointers.size === 2) this.pointers.set(event.pointerId, { x, y });
    this.draw();
  });
  const end = (event) => {
    if (!this.pointers.delete(event.pointerId) || this.pointers.size) return;
    const [x, y] = at(event), { box, start } = this, adding = event.ctrlKey || event.metaKey;
    this.box = this.start = null;
    if (event.type === "pointercancel") return;
    if (box && start?.moved) {
      this.selectBox(box, adding);
      this.boxMode(false);
    } else if (!start?.moved) this.click(x, y, adding || event.shiftKey);
    this.draw();
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => { this.tooltip.hidden = true; });
  // Until the map is clicked (or with Ctrl) the wheel and one finger scroll the page; at the limits of the zoom too.
  const awake = () => root.getRootNode().activeElement === canvas;
  const touch = () => { canvas.style.touchAction = awake() ? "none" : "pan-x pan-y"; };
  canvas.addEventListener("focus", touch);
  canvas.addEventListener("blur", touch);
  touch();
  canvas.addEventListener("wheel", (event) => {
    const zoom = this.view.zoom;
    if (!awake() && !event.ctrlKey && !event.metaKey) {
      this.tell("Click the map first, or hold Ctrl, to zoom with the wheel.");
      return;
    }
    if (this.bounded(zoom - Math.sign(event.deltaY)) === zoom) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    this.zoomBy(-Math.max(-1, Math.min(1, pixels / 240)), ...at(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => { if (!this.clickedMark) this.zoomBy(1, ...at(event)); });
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") this.escape();
    if (event.target === canvas && this.key(event.key)) event.preventDefault();
  });
};

ProjectMap.prototype.key = function key(name) {
  const step = 80;
  const acts = {
    l: () => { this.listView(true); this.panel.querySelector("button")?.focus(); },
    ArrowLeft: () => this.panBy(step, 0), ArrowRight: () => this.panBy(-step, 0),
    ArrowUp: () => this.panBy(0, step), ArrowDown: () => this.panBy(0, -step),
    "+": () => this.zoomBy(0.5), "=": () => this.zoomBy(0.5), "-": () => this.zoomBy(-0.5), 0: () => this.fit(),
  };
  acts[name]?.();
  return name in acts;
};

// The innermost thing first: a popup, the list, the selection.
ProjectMap.prototype.escape = function escape() {
  if (!this.popup.hidden) this.closePopup();
  else if (!this.panel.hidden) { this.listView(false); this.viewButton.focus(); }
  else {
    this.select([]);
    this.boxMode(false);
    this.canvas.focus();
  }
};

ProjectMap.prototype.tell = function tell(text) {
  this.hint.textContent = text;
  this.hint.hidden = false;
  clearTimeout(this.hiding);
  this.hiding = setTimeout(() => { this.hint.hidden = true; }, 1600);
};

// Two fingers: the distance zooms, the middle moves.
ProjectMap.prototype.pinch = function pinch(id, x, y) {
  const [other] = [...this.pointers.entries()].filter(([key]) => key !== id).map(([, place]) => place);
  const last = this.pointers.get(id);
  const before = Math.hypot(last.x - other.x, last.y - other.y), after = Math.hypot(x - other.x, y - other.y);
  this.start.moved = true;
  this.panBy((x - last.x) / 2, (y - last.y) / 2);
  if (before > 0 && after > 0) this.zoomBy(Math.log2(after / before), (x + other.x) / 2, (y + other.y) / 2);
};

async function render({ model, el }) {
  const root = make(el, "div", "pnb-map");
  root.dataset.lmSuppressShortcuts = "true"; // keys typed here are ours, not JupyterLab's
  root.style.height = `${model.get("height")}px`;
  if (typeof DecompressionStream === "undefined") {
    make(root, "div", "pnb-quiet", "This browser is too old for the map (it lacks DecompressionStream).");
    return () => {};
  }
  const points = await decodePoints(model.get("points"));
  points.page = Boolean(model.get("page"));
  const south = points.y.reduce((most, y) => Math.max(most, y), 0);
  const borders = await decodeBorders(model.get("borders"), south > mercatorY(-60));
  const choose = (rows) => {
    model.set("chosen", new DataView(rows.buffer));
    try { model.save_changes(); } catch { /* no kernel: the click that chose shows it */ }
  };
  const map = new ProjectMap(root, points, borders, choose);
  if (points.page) map.showSelected = buildTables(document.getElementById("tables"), points);
  const forget = points.page ? () => {} : whenKernelGoes(model, () => root, () => map.showGone());
  const theme = () => {
    map.dark = isDark();
    map.colors = map.dark ? points.dark_colors : points.colors;
    root.classList.toggle("pnb-dark", map.dark);
    map.stale();
  };
  const size = new ResizeObserver(() => map.resize());
  const body = new MutationObserver(theme);
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  size.observe(root);
  body.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-vscode-theme-kind"] });
  system.addEventListener("change", theme);
  theme();
  map.resize();
  return () => {
    forget();
    size.disconnect();
    body.disconnect();
    system.removeEventListener("change", theme);
  };
}

export default { render };
