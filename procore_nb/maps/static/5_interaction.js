// How people move the map and select rows on it: methods of the map in a class of their own.

class Interaction {
  // Pixels along each edge that controls cover, unless that is most of a small map.
  edges() {
    const { width, height, legend, notes } = this;
    const right = legend?.open && legend.offsetWidth < width * 0.4 ? legend.offsetWidth + 16 : 16;
    return { left: 48, right, top: 48, bottom: Math.min(notes.offsetHeight + 16, height / 4) };
  }

  fit(rows = null) {
    const { points } = this;
    const list = rows ?? Array.from({ length: points.count }, (_, i) => i).filter((i) => this.shown[points.code[i]]);
    if (!list.length) return;
    const first = !rows && !this.fitted && points.view;
    const { west, east, top, bottom } = first ? boxOf(points.view) : around(points, list);
    this.fitted = true;
    const edge = this.edges(), mark = first ? 0 : 60; // room for half a mark on either side
    const wide = Math.max(80, this.width - edge.left - edge.right - mark), high = Math.max(80, this.height - edge.top - edge.bottom - mark);
    const room = Math.min(wide / (east - west || 1e-9), high / (bottom - top || 1e-9));
    const zoom = this.bounded(Math.min(Math.log2(room / 256), rows ? 16.9 : first ? 14 : 9)), size = worldSize(zoom);
    this.moveTo({ x: (west + east) / 2 + (edge.right - edge.left) / 2 / size, y: (top + bottom) / 2 + (edge.bottom - edge.top) / 2 / size, zoom });
  }

  // Zooms at which the world is not much smaller than the map.
  bounded(zoom) {
    const least = Math.max(0, Math.log2(this.width / 512 / 1.2));
    return Math.max(least, Math.min(18, zoom));
  }

  moveTo(view) {
    const zoom = this.bounded(view.zoom), half = Math.min(0.5, this.height / 2 / worldSize(zoom));
    this.view = { x: view.x - Math.floor(view.x), y: Math.max(half, Math.min(1 - half, view.y)), zoom };
    this.tooltip.hidden = true; // it belongs to what was under the pointer before
    this.hovered = null;
    this.draw();
  }

  // Zoom so that what lies under the pointer stays there.
  zoomBy(steps, x = this.width / 2, y = this.height / 2) {
    const before = worldSize(this.view.zoom), zoom = Math.max(0, Math.min(18, this.view.zoom + steps));
    const after = worldSize(zoom), dx = x - this.width / 2, dy = y - this.height / 2;
    this.moveTo({ x: this.view.x + dx / before - dx / after, y: this.view.y + dy / before - dy / after, zoom });
  }

  panBy(dx, dy) {
    const size = worldSize(this.view.zoom);
    this.moveTo({ x: this.view.x - dx / size, y: this.view.y - dy / size, zoom: this.view.zoom });
  }

  goTo(row) {
    const { points } = this;
    const code = points.code[row];
    if (!this.shown[code]) this.legend.querySelectorAll(".pnb-row")[code].click();
    this.moveTo({ x: points.x[row], y: points.y[row], zoom: Math.max(this.view.zoom, 9) });
    this.openPopup(row);
    this.select([row]);
  }

  onScreen(place) {
    const size = worldSize(this.view.zoom);
    return [(this.nearCopy(place.x) - this.view.x) * size + this.width / 2, (place.y - this.view.y) * size + this.height / 2];
  }

  // Of the copies of the world the one that keeps the rows together; else the one nearest to the middle.
  nearCopy(x) {
    const { view, home } = this, anchor = home - Math.round(home - view.x), together = x - Math.round(x - anchor);
    const inside = Math.abs(together - view.x) * worldSize(view.zoom) < this.width / 2 + 30;
    return inside ? together : x - Math.round(x - view.x);
  }

  clusterAt(x, y) {
    let best = null;
    for (const mark of this.seen ?? []) {
      const [mx, my] = this.onScreen(mark), away = Math.hypot(mx - x, my - y);
      if (away <= Math.max(mark.radius, 5) + 2 && (!best || away - mark.radius <= best.away)) {
        best = { group: mark.group, away: away - mark.radius };
      }
    }
    return best?.group ?? null;
  }

  // A second click soon after the first is the double click, which zooms once.
  click(x, y, adding) {
    const now = performance.now(), again = now - (this.clicked ?? -1e9) < 400;
    this.clicked = now;
    if (again) return;
    const group = this.clusterAt(x, y);
    this.clickedMark = group;
    if (!group) {
      this.closePopup();
      if (!adding) this.select([]);
    } else this.activate(group, adding);
  }

  activate(group, adding) {
    if (adding) {
      const all = group.members.every((row) => this.selected.has(row));
      const rows = new Set(this.selected);
      for (const row of group.members) all ? rows.delete(row) : rows.add(row);
      this.select(rows);
    } else if (group.count === 1) {
      this.openPopup(group.members[0]);
      this.select([group.members[0]]);
    } else if (this.view.zoom < 16 && spread(this.points, group.members) > 1e-8) {
      this.closePopup();
      this.fit(group.members);
    } else {
      this.openList(group);
      this.select(group.members);
    }
  }

  selectBox({ x, y, toX, toY }, adding) {
    const [left, right, top, bottom] = [Math.min(x, toX), Math.max(x, toX), Math.min(y, toY), Math.max(y, toY)];
    const rows = new Set(adding ? this.selected : []);
    for (let row = 0; row < this.points.count; row++) {
      if (!this.shown[this.points.code[row]]) continue;
      const [px, py] = this.onScreen({ x: this.points.x[row], y: this.points.y[row] });
      if (px >= left && px <= right && py >= top && py <= bottom) rows.add(row);
    }
    this.select(rows);
  }

  select(rows) {
    this.selected = new Set(rows);
    this.selectionText.textContent = this.selected.size ? `${this.selected.size.toLocaleString("en")} selected` : "";
    const chosen = Int32Array.from(this.selected).sort();
    this.choose(chosen);
    this.showSelected?.([...chosen]);
    this.stale();
  }

  boxMode(on) {
    this.boxing = on;
    this.boxButton.setAttribute("aria-pressed", String(on));
    this.canvas.style.cursor = on ? "crosshair" : "";
  }

  openPopup(row) {
    fillPopup(this.popup, this.points, row, () => this.closePopup());
    this.showPopup({ x: this.points.x[row], y: this.points.y[row] });
  }

  openList(group) {
    fillList(this.popup, this.points, group.members, () => this.closePopup(), (row) => {
      this.openPopup(row);
      this.select([row]);
    });
    this.showPopup({ x: group.x, y: group.y });
  }

  // Who came by keyboard goes on in the popup, and back from it; it is announced either way.
  showPopup(at) {
    const { popup } = this, active = this.root.getRootNode().activeElement;
    this.popupAt = at;
    popup.hidden = false;
    const lines = [...popup.querySelectorAll(".pnb-title, tr, .pnb-members button")].map((line) => [...line.childNodes].map((cell) => cell.textContent).join(": "));
    this.say(lines.slice(0, 12).join(". "));
    if (active && active !== this.canvas && !popup.contains(active) && this.root.contains(active)) {
      this.before = active;
      popup.focus({ preventScroll: true });
    }
    this.draw();
  }

  closePopup() {
    const inside = this.popup.contains(this.root.getRootNode().activeElement);
    this.popup.hidden = true;
    this.popupAt = null;
    if (inside) (this.before?.isConnected ? this.before : this.canvas).focus({ preventScroll: true });
    this.before = null;
  }

  say(text) {
    this.spoken.textContent = text;
  }

  // Beside its mark, clear of the legend and the note where there is room.
  placePopup() {
    if (!this.popupAt) return;
    const [x, y] = this.onScreen(this.popupAt), { offsetWidth: wide, offsetHeight: high } = this.popup;
    const edge = this.edges(), roomy = this.width - edge.right - edge.left >= wide;
    const [left, right] = roomy ? [edge.left, this.width - edge.right - wide] : [4, this.width - wide - 4];
    const top = high + edge.top + edge.bottom < this.height ? edge.top : 4;
    this.popup.style.left = `${Math.max(left, Math.min(right, x - wide / 2))}px`;
    this.popup.style.top = `${y - high - 14 > top ? y - high - 14 : Math.max(4, Math.min(y + 14, this.height - high - 4))}px`;
  }

  hover(x, y) {
    const group = this.clusterAt(x, y);
    this.tooltip.hidden = !group;
    if (!this.boxing) this.canvas.style.cursor = group ? "pointer" : "";
    if (!group) { this.hovered = null; return; }
    if (this.hovered !== group) {
      this.hovered = group;
      fillTooltip(this.tooltip, this.points, group, group.count > 1 ? this.clusters.mixOf(group) : null);
    }
    const { offsetWidth: wide, offsetHeight: high } = this.tooltip;
    this.tooltip.style.left = `${Math.max(4, Math.min(this.width - wide - 4, x + 14))}px`;
    this.tooltip.style.top = `${y + 18 + high < this.height ? y + 18 : y - high - 12}px`;
  }
}

// The smallest box around rows; across the date line when that is shorter.
function around(points, rows) {
  const xs = Float64Array.from(rows, (row) => points.x[row]).sort();
  let gap = xs[0] + 1 - xs[xs.length - 1], west = xs[0], east = xs[xs.length - 1];
  for (let i = 1; i < xs.length; i++) {
    if (xs[i] - xs[i - 1] > gap) [gap, west, east] = [xs[i] - xs[i - 1], xs[i], xs[i - 1] + 1];
  }
  let [top, bottom] = [Infinity, -Infinity];
  for (const row of rows) {
    top = Math.min(top, points.y[row]);
    bottom = Math.max(bottom, points.y[row]);
  }
  return { west, east, top, bottom };
}

// West, south, east, north in degrees; west > east crosses the date line.
function boxOf([west, south, east, north]) {
  return { west: mercatorX(west), east: mercatorX(east < west ? east + 360 : east), top: mercatorY(north), bottom: mercatorY(south) };
}

function spread(points, rows) {
  const { west, east, top, bottom } = around(points, rows);
  return Math.max(east - west, bottom - top);
}
