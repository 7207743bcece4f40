// Decode what Python encoded: a zipped header (JSON) followed by plain arrays. No request is ever made here.

const KINDS = { float32: Float32Array, uint32: Uint32Array, uint8: Uint8Array };

async function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

function bytesOf(value) {
  if (typeof value === "string") return Uint8Array.from(atob(value), (letter) => letter.charCodeAt(0));
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

async function decodePack(value) {
  const buffer = await unzipped(bytesOf(value));
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  return { header, buffer, offset: 4 + size };
}

// Points: mercator x and y (0..1), category, size factor, columns of text.
async function decodePoints(value) {
  const { header, buffer, offset } = await decodePack(value);
  const arrays = {};
  let at = offset;
  for (const { name, kind, length } of header.arrays) {
    arrays[name] = new KINDS[kind](buffer, at, length);
    at += Math.ceil((length * KINDS[kind].BYTES_PER_ELEMENT) / 4) * 4;
  }
  const count = arrays.longitude.length;
  const x = new Float64Array(count), y = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    x[i] = mercatorX(arrays.longitude[i]);
    y[i] = mercatorY(arrays.latitude[i]);
  }
  const text = (column, row) => {
    const { values, codes } = header.columns[column];
    return codes ? values[arrays[codes][row]] : values[row];
  };
  return { ...header, count, x, y, code: arrays.code, size: arrays.size, text };
}

// Outlines: lines to stroke and rings to fill, each with its box, in mercator units. Antarctica only for who works there.
async function decodeBorders(value, antarctica) {
  const { header, buffer, offset } = await decodePack(value);
  const { lengths, steps_per_degree: steps } = header, count = lengths.length;
  const starts = new Int32Array(buffer, offset, count * 2);
  const moves = new Int16Array(buffer, offset + count * 8);
  const total = moves.length / 2;
  let next = 0;
  const arcs = lengths.map((length, arc) => {
    const line = new Float64Array(length * 2);
    let lon = starts[arc], lat = starts[count + arc];
    for (let i = 0; i < length; i++) {
      if (i > 0) { lon += moves[next]; lat += moves[total + next]; next++; }
      line[2 * i] = mercatorX(lon / steps);
      line[2 * i + 1] = mercatorY(lat / steps);
    }
    return line;
  });
  const ring = (refs) => boxed(closed(refs, arcs));
  const units = header.units.filter((unit) => antarctica || unit.code !== "AQ");
  const hidden = new Set(antarctica ? [] : header.units.filter((unit) => unit.code === "AQ").flatMap((unit) => unit.rings.flat())
    .map((ref) => (ref < 0 ? ~ref : ref)));
  const land = (chosen) => units.filter(chosen).flatMap((unit) => unit.rings.map(ring));
  const { names, longitude, latitude } = header.counties;
  return {
    countries: land((unit) => unit.level === "country"),
    borderLakes: header.border_lakes.map(ring),
    americanStates: land((unit) => unit.code.startsWith("US-")),
    lakes: header.lakes.map(ring),
    countryLines: header.country_lines.filter((arc) => !hidden.has(arc)).map((arc) => boxed(arcs[arc])),
    stateLines: header.state_lines.map((arc) => boxed(arcs[arc])),
    countyLines: arcs.slice(...header.county_lines).map(boxed),
    counties: names.map((name, i) => ({ name, x: mercatorX(longitude[i] / 100), y: mercatorY(latitude[i] / 100) })),
  };
}

// Arcs one after the other; at the date line the ring goes on instead of jumping to the other side.
function closed(refs, arcs) {
  const points = [];
  let shift = 0, last = null;
  for (const ref of refs) {
    const line = arcs[ref < 0 ? ~ref : ref], length = line.length / 2;
    for (let k = 0; k < length; k++) {
      const at = 2 * (ref < 0 ? length - 1 - k : k);
      let x = line[at] + shift;
      if (last !== null && Math.abs(x - last) > 0.5) {
        const turn = x > last ? -1 : 1;
        shift += turn;
        x += turn;
      }
      points.push(x, line[at + 1]);
      last = x;
    }
  }
  if (Math.abs(last - points[0]) > 0.5) points.push(last, 1.2, points[0], 1.2); // Antarctica, by way of the pole
  return Float64Array.from(points);
}

function boxed(line) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < line.length; i += 2) {
    left = Math.min(left, line[i]);
    right = Math.max(right, line[i]);
    top = Math.min(top, line[i + 1]);
    bottom = Math.max(bottom, line[i + 1]);
  }
  return { line, left, top, right, bottom, paths: {} };
}

function mercatorX(longitude) {
  return (longitude + 180) / 360;
}

function mercatorY(latitude) {
  const bounded = Math.max(-85.05, Math.min(85.05, latitude)) * Math.PI / 180;
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + bounded / 2)) / (2 * Math.PI);
}

function latitudeOf(y) {
  return Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180 / Math.PI;
}
