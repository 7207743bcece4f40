// The map itself: its state, its controls and its drawing.

const MARGIN = 160; // pixels drawn beyond the edge, so that a pan is one copy of the picture

class ProjectMap extends Interaction {
  constructor(root, points, borders, choose) {
    super();
    Object.assign(this, { root, points, borders, choose });
    this.view = { x: 0.5, y: 0.5, zoom: 1 };
    this.shown = points.names.map(() => true);
    this.clusters = new Clusters(points);
    this.clusters.show(this.shown);
    this.selected = new Set();
    this.pointers = new Map();
    this.colors = points.colors;
    const { west, east } = around(points, Array.from({ length: points.count }, (_, i) => i));
    this.home = (west + east) / 2;
    this.cities = points.cities.map(([rank, name, longitude, latitude]) => (
      { rank, name, x: mercatorX(longitude), y: mercatorY(latitude) }));
    this.canvas = make(root, "canvas", "pnb-canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", `Map. ${points.note}. Arrows move, plus and minus zoom, 0 shows all, L lists what is in view.`);
    this.buffer = document.createElement("canvas");
    this.tooltip = make(root, "div", "pnb-tooltip");
    this.popup = make(root, "div", "pnb-popup");
    this.popup.tabIndex = -1;
    this.popup.setAttribute("role", "dialog");
    this.popup.setAttribute("aria-label", "Details");
    this.spoken = make(root, "div", "pnb-spoken");
    this.spoken.setAttribute("role", "status");
    this.tooltip.hidden = this.popup.hidden = true;
    this.tiles = points.basemap ? new Tiles(points.basemap, () => this.stale()) : null;
    this.buildControls();
    this.listen();
  }

  buildControls() {
    const { root, points } = this;
    const bar = make(root, "div", "pnb-bar");
    button(bar, "", "+", "Zoom in", () => this.zoomBy(1));
    button(bar, "", "−", "Zoom out", () => this.zoomBy(-1));
    button(bar, "", "⤢", "Show all", () => this.fit());
    this.viewButton = button(bar, "", "☰", "List what is in view", () => this.listView(this.panel.hidden));
    this.boxButton = button(bar, "", "▭", "Select by box (or hold Shift and drag)", () => this.boxMode(!this.boxing));
    this.viewButton.setAttribute("aria-expanded", "false");
    this.panel = make(root, "div", "pnb-panel");
    this.panel.hidden = true;
    buildSearch(root, points, (row) => this.goTo(row), (text) => this.say(text));
    this.legend = buildLegend(root, points, this.shown, () => {
      this.clusters.show(this.shown);
      this.closePopup();
      const kept = [...this.selected].filter((row) => this.shown[points.code[row]]);
      if (kept.length < this.selected.size) this.select(kept);
      this.stale();
    });
    this.tileNotes = buildNotes(root, points);
    this.notes = root.querySelector(".pnb-notes");
    this.hint = make(root, "div", "pnb-hint");
    this.hint.hidden = true;
    this.scale = make(root, "div", "pnb-scale");
    this.selectionText = make(root, "div", "pnb-selection");
    this.selectionText.setAttribute("role", "status");
  }

  // The map can still be read; what is chosen on it reaches nobody.
  showGone() {
    const words = "The kernel behind this map is gone: run the cell again.";
    make(this.notes, "div", "pnb-gone", words).setAttribute("role", "alert");
    const show = () => this.tell(words);
    this.root.addEventListener("click", show);
    show();
  }

  listView(open) {
    this.panel.hidden = !open;
    this.viewButton.setAttribute("aria-expanded", String(open));
    if (!open) return;
    const inside = this.marksOn(this.width, this.height).filter(({ x, y }) => x >= 0 && y >= 0 && x <= this.width && y <= this.height);
    const groups = inside.map((mark) => mark.group).sort((a, b) => b.count - a.count);
    fillView(this.panel, this.points, groups, (group) => this.nameOf(group), (group) => {
      this.activate(group, false);
      if (group.count > 1) requestAnimationFrame(() => requestAnimationFrame(() => { this.listView(true); this.panel.querySelector("button")?.focus(); }));
    });
  }

  // A name for a mark; for a ring, of what it is made.
  nameOf(group) {
    const { points } = this;
    const name = (row) => (points.name_column === null ? `row ${row + 1}` : points.text(points.name_column, row) || "(no name)");
    if (group.count === 1) return points.title ? `${name(group.members[0])}, ${points.names[points.code[group.members[0]]]}` : name(group.members[0]);
    if (!points.title) return group.members.slice(0, 3).map(name).join(", ");
    return [...this.clusters.mixOf(group)].map((count, code) => (count ? `${count} ${points.names[code]}` : "")).filter(Boolean).join(", ");
  }

  resize() {
    this.width = this.root.clientWidth;
    this.height = this.root.clientHeight;
    if (!this.width || !this.height) return;
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    this.canvas.width = this.width * this.ratio;
    this.canvas.height = this.height * this.ratio;
    this.buffer.width = (this.width + 2 * MARGIN) * this.ratio;
    this.buffer.height = (this.height + 2 * MARGIN) * this.ratio;
    if (!this.fitted) this.fit();
    this.stale();
  }

  stale() {
    this.drawn = null;
    this.draw();
  }

  draw() {
    if (this.waiting || !this.width) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  paint() {
    const { view, width, height, ratio } = this, context = this.canvas.getContext("2d");
    const size = worldSize(view.zoom);
    let dx = 0, dy = 0;
    if (this.drawn) {
      dx = (this.drawn.x - view.x) * size;
      dy = (this.drawn.y - view.y) * size;
    }
    if (!this.drawn || this.drawn.zoom !== view.zoom || Math.max(Math.abs(dx), Math.abs(dy)) > MARGIN - 2) {
      this.paintBuffer();
      dx = dy = 0;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.buffer, (dx - MARGIN) * ratio, (dy - MARGIN) * ratio);
    this.paintBox(context);
    this.placePopup();
    const { text, pixels } = scaleBar(view);
    this.scale.textContent = text;
    this.scale.style.width = `${pixels}px`;
    this.root.dataset.ready = "true";
    this.root.dataset.zoom = view.zoom.toFixed(2);
    this.root.dataset.middle = `${view.x.toFixed(5)} ${view.y.toFixed(5)}`;
  }

  paintBuffer() {
    const { view, ratio } = this, context = this.buffer.getContext("2d");
    const width = this.width + 2 * MARGIN, height = this.height + 2 * MARGIN;
    const colors = this.dark ? DARK : LIGHT;
    drawBorders(context, this.borders, view, width, height, colors, ratio);
    const tiles = this.tiles?.draw(context, view, width, height);
    if (tiles) tellTiles(this.tileNotes, this.points, tiles);
    const marks = this.marksOn(width, height);
    const taken = marks.map(({ x, y, radius }) => ({ x, y, half: radius, tall: radius }));
    if (!tiles?.shown) drawNames(context, this.cities, this.borders.counties, view, width, height, colors, taken);
    this.drawMarks(context, marks, colors);
    this.drawn = { ...view };
  }

  // Rings and marks with their position in the buffer.
  marksOn(width, height) {
    const { view } = this, size = worldSize(view.zoom), marks = [];
    for (const group of this.clusters.at(view.zoom)) {
      const x = (this.nearCopy(group.x) - view.x) * size + width / 2;
      const y = (group.y - view.y) * size + height / 2;
      if (x < -30 || y < -30 || x > width + 30 || y > height + 30) continue;
      const radius = group.count > 1 ? ringRadius(group.count) : this.radiusOf(group.members[0]);
      marks.push({ group, radius, x, y });
    }
    this.seen = marks.map(({ group, radius }) => ({ group, radius, x: group.x, y: group.y }));
    this.root.dataset.groups = marks.length;
    return marks;
  }

  drawMarks(context, marks, colors) {
    const taken = new Set(), stamps = new Map();
    for (const { group, radius, x, y } of marks) {
      if (group.count === 1) this.drawOne(context, group.members[0], x, y, radius, colors, taken, stamps);
      else this.drawRing(context, group, x, y, radius, colors);
    }
  }

  radiusOf(row) {
    const { points } = this;
    if (!points.size) return points.count > 5000 ? 4 : 5.5;
    return points.size[row] > 0 ? Math.max(3, 22 * points.size[row]) : 3;
  }

  // Many points look alike: those are stamped, and a second one on the same pixel is skipped.
  drawOne(context, row, x, y, radius, colors, taken, stamps) {
    const { points, ratio } = this;
    if (points.size || this.selected.has(row) || points.count < 2000) {
      this.drawPoint(context, row, x, y, radius, colors);
      return;
    }
    const code = points.code[row], pixel = Math.round(x) * 8192 + Math.round(y), half = 1.5 * radius + 1;
    if (taken.has(pixel)) return;
    taken.add(pixel);
    if (!stamps.has(code)) {
      const stamp = document.createElement("canvas");
      stamp.width = stamp.height = Math.ceil(2 * half * ratio);
      const own = stamp.getContext("2d");
      own.scale(ratio, ratio);
      this.drawPoint(own, row, half, half, radius, colors);
      stamps.set(code, stamp);
    }
    context.drawImage(stamps.get(code), x - half, y - half, 2 * half, 2 * half);
  }

  drawPoint(context, row, x, y, radius, colors) {
    const { points } = this, hollow = points.size && !(points.size[row] > 0), picked = this.selected.has(row);
    const color = this.colors[points.code[row]];
    outline(context, points.size ? 0 : points.code[row] % SHAPES.length, x, y, radius);
    context.globalAlpha = points.size ? 0.85 : 1;
    context.fillStyle = hollow ? colors.ring : color;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = picked ? 2.5 : 1;
    context.strokeStyle = picked ? colors.picked : hollow ? color : "#ffffff";
    context.stroke();
  }

  drawRing(context, group, x, y, radius, colors) {
    const mix = this.clusters.mixOf(group);
    context.beginPath();
    context.arc(x, y, radius + 1.5, 0, 7);
    context.fillStyle = colors.ring;
    context.fill();
    context.lineWidth = radius * 0.3;
    let turn = -Math.PI / 2;
    mix.forEach((count, code) => {
      if (!count) return;
      const end = turn + (count / group.count) * 2 * Math.PI;
      context.beginPath();
      context.arc(x, y, radius - context.lineWidth / 2, turn, end);
      context.strokeStyle = this.colors[code];
      context.stroke();
      turn = end;
    });
    if (this.selected.size && group.members.some((row) => this.selected.has(row))) {
      context.beginPath();
      context.arc(x, y, radius + 2, 0, 7);
      context.lineWidth = 2.5;
      context.strokeStyle = colors.picked;
      context.stroke();
    }
    context.fillStyle = colors.ink;
    context.font = `${radius < 16 ? 9.5 : 11}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(shortCount(group.count), x, y + 0.5);
    context.textBaseline = "alphabetic";
  }

  paintBox(context) {
    if (!this.box) return;
    const { ratio, box } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.strokeStyle = "#0072b2";
    context.fillStyle = "#0072b222";
    context.lineWidth = 1.5;
    context.fillRect(box.x, box.y, box.toX - box.x, box.toY - box.y);
    context.strokeRect(box.x, box.y, box.toX - box.x, box.toY - box.y);
  }
}

// Corners of marks, as in the legend and of about one area: square, triangle, diamond, triangle upside down, plus, cross, star.
const PLUS = [[-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4], [1.2, 0.4], [0.4, 0.4], [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4],
  [-1.2, -0.4], [-0.4, -0.4]];
const CORNERS = [[], [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]], [[0, -1.2], [1.15, 0.9], [-1.15, 0.9]],
  [[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]], [[0, 1.2], [1.15, -0.9], [-1.15, -0.9]], PLUS, PLUS.map(([x, y]) => [(x - y) * 0.7, (x + y) * 0.7]),
  Array.from({ length: 10 }, (_, i) => [Math.sin(i * Math.PI / 5), -Math.cos(i * Math.PI / 5)].map((c) => c * (i % 2 ? 0.6 : 1.4)))];

function outline(context, shape, x, y, radius) {
  context.beginPath();
  if (shape === 0) { context.arc(x, y, radius, 0, 7); return; }
  CORNERS[shape].forEach(([dx, dy], i) => (i ? context.lineTo : context.moveTo).call(context, x + dx * radius, y + dy * radius));
  context.closePath();
}
