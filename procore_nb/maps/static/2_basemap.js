// Draw what lies below the points: sea, land, lakes, borders, city names, or tiles when the user chose them.

const LIGHT = {
  sea: "#e3ebf1", land: "#faf8f4", coast: "#9aa3ab", state: "#cfcabf", county: "#e6e1d8", city: "#5f656b", halo: "#ffffffd0",
  ring: "#ffffff", ink: "#22262a", picked: "#111111",
};
const DARK = {
  sea: "#1b2530", land: "#2a2f35", coast: "#6d7780", state: "#525a62", county: "#3a4148", city: "#b3bac1", halo: "#1b2530d0",
  ring: "#20252a", ink: "#f0f2f4", picked: "#ffffff",
};

const COUNTY_LINES = 6, COUNTY_NAMES = 8.5; // zooms from which they are drawn

// A view is a middle (mercator x, y) and a zoom; the world is 256 * 2 ** zoom pixels wide.
const worldSize = (zoom) => 256 * 2 ** zoom;

// Visible pieces of a layer, once per copy of the world; pieces smaller than a pixel are skipped.
function* visible(layer, view, width, height) {
  const size = worldSize(view.zoom), halfX = width / 2 / size, halfY = height / 2 / size;
  for (const piece of layer) {
    if (piece.bottom < view.y - halfY || piece.top > view.y + halfY) continue;
    if ((piece.right - piece.left + piece.bottom - piece.top) * size < 1.5) continue;
    for (let turn = -1; turn <= 1; turn++) {
      if (piece.right + turn >= view.x - halfX && piece.left + turn <= view.x + halfX) yield [piece, turn];
    }
  }
}

// The piece as a path with no more points than this zoom can show; kept for the next picture.
function pathOf(piece, zoom) {
  const band = Math.min(14, Math.max(0, Math.ceil(zoom)));
  if (piece.paths[band]) return piece.paths[band];
  const path = new Path2D(), { line } = piece, least = 0.7 / worldSize(band);
  let [x, y] = [line[0], line[1]];
  path.moveTo(x, y);
  for (let i = 2; i < line.length; i += 2) {
    const last = i === line.length - 2;
    if (!last && Math.abs(line[i] - x) + Math.abs(line[i + 1] - y) < least) continue;
    [x, y] = [line[i], line[i + 1]];
    path.lineTo(x, y);
  }
  piece.paths[band] = path;
  return path;
}

function drawBorders(context, borders, view, width, height, colors, ratio) {
  const size = worldSize(view.zoom);
  const under = (turn) => context.setTransform(
    size * ratio, 0, 0, size * ratio, (width / 2 - (view.x - turn) * size) * ratio, (height / 2 - view.y * size) * ratio);
  context.fillStyle = colors.sea;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillRect(0, 0, width, height);
  // Each ring is filled by itself: one even-odd path of countries and states would turn the overlap into sea.
  for (const [layer, face, edge] of [
    [borders.countries, colors.land, colors.land], [borders.borderLakes, colors.sea, colors.coast],
    [borders.americanStates, colors.land, colors.land], [borders.lakes, colors.sea, colors.sea],
  ]) {
    context.fillStyle = face;
    context.strokeStyle = edge;
    context.lineWidth = 0.7 / size;
    for (const [piece, turn] of visible(layer, view, width, height)) {
      under(turn);
      context.fill(pathOf(piece, view.zoom));
      context.stroke(pathOf(piece, view.zoom));
    }
  }
  context.lineJoin = "round";
  const counties = view.zoom < COUNTY_LINES ? [] : borders.countyLines;
  const state = view.zoom < COUNTY_NAMES ? colors.state : colors.coast;
  for (const [layer, color] of [[counties, colors.county], [borders.stateLines, state], [borders.countryLines, colors.coast]]) {
    context.strokeStyle = color;
    context.lineWidth = 0.8 / size;
    for (const [piece, turn] of visible(layer, view, width, height)) {
      under(turn);
      context.stroke(pathOf(piece, view.zoom));
    }
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

// Names where nothing else lies: `taken` holds the marks as { x, y, half, tall }.
function drawNames(context, cities, counties, view, width, height, colors, taken) {
  const size = worldSize(view.zoom), deepest = Math.floor(view.zoom) - 1;
  context.textAlign = "center";
  context.lineWidth = 3;
  const write = ({ name, x: atX, y: atY }, dot) => {
    let x = (atX - view.x) * size + width / 2;
    const y = (atY - view.y) * size + height / 2;
    x -= Math.round((x - width / 2) / size) * size; // the copy of the world that is nearest
    if (x < 0 || x > width || y < 0 || y > height) return;
    const half = context.measureText(name).width / 2 + 4, tall = 8;
    if (taken.some((other) => Math.abs(other.y - y) < other.tall + tall && Math.abs(other.x - x) < other.half + half)) return;
    taken.push({ x, y, half, tall });
    context.strokeStyle = colors.halo;
    context.strokeText(name, x, y - 5 * dot);
    context.fillStyle = colors.city;
    context.fillText(name, x, y - 5 * dot);
    if (!dot) return;
    context.beginPath();
    context.arc(x, y, 1.6, 0, 7);
    context.fill();
  };
  context.font = "11px system-ui, sans-serif";
  for (const city of cities) if (city.rank <= deepest) write(city, 1);
  if (view.zoom < COUNTY_NAMES) return;
  context.font = "italic 10px system-ui, sans-serif";
  for (const county of counties) write(county, 0);
}

const RETRY_SECONDS = 20;

// Tiles only when the caller chose a server; `redraw` is called when one arrives, and when one that failed may be tried again.
class Tiles {
  constructor(basemap, redraw) {
    this.basemap = basemap;
    this.redraw = redraw;
    this.images = new Map();
  }

  // Draw what has come; gives how many are shown and how many failed.
  draw(context, view, width, height) {
    const zoom = Math.max(0, Math.min(this.basemap.max_zoom, Math.round(view.zoom)));
    const count = 2 ** zoom, side = worldSize(view.zoom) / count, size = worldSize(view.zoom);
    const left = view.x * size - width / 2, top = view.y * size - height / 2;
    let shown = 0, failed = 0;
    for (let column = Math.floor(left / side); column * side < left + width; column++) {
      for (let row = Math.max(0, Math.floor(top / side)); row < count && row * side < top + height; row++) {
        const image = this.image(zoom, ((column % count) + count) % count, row);
        if (image.complete && image.naturalWidth) {
          shown += 1;
          context.drawImage(image, column * side - left, row * side - top, side + 0.5, side + 0.5);
        } else if (image.failed) failed += 1;
      }
    }
    return { shown, failed };
  }

  image(zoom, column, row) {
    const key = `${zoom}/${column}/${row}`;
    let image = this.images.get(key);
    if (image?.failed && performance.now() - image.failed > RETRY_SECONDS * 1000) image = null;
    if (!image) {
      image = new Image();
      image.referrerPolicy = "strict-origin-when-cross-origin";
      image.onload = this.redraw;
      image.onerror = () => {
        image.failed = performance.now();
        this.redraw();
        this.retry ??= setTimeout(() => { this.retry = null; this.redraw(); }, RETRY_SECONDS * 1000 + 100);
      };
      image.src = this.basemap.url.replace("{z}", zoom).replace("{x}", column).replace("{y}", row);
      this.images.delete(key);
      this.images.set(key, image);
      if (this.images.size > 400) this.images.delete(this.images.keys().next().value);
    }
    return image;
  }
}

// The longest round length in km that fits, and its pixels at this latitude.
function scaleBar(view) {
  const kmPerPixel = 40075.017 * Math.cos(latitudeOf(view.y) * Math.PI / 180) / worldSize(view.zoom);
  const power = 10 ** Math.floor(Math.log10(120 * kmPerPixel));
  const km = [5, 2, 1].map((step) => step * power).find((length) => length <= 120 * kmPerPixel);
  return { text: km >= 1 ? `${km} km` : `${km * 1000} m`, pixels: km / kmPerPixel };
}
