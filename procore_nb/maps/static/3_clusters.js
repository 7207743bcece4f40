// Cluster points that would cover each other. In: points and a zoom. Out: groups with count, mix and members.

const DEEPEST = 17; // from this zoom on every position stands by itself

class Clusters {
  constructor(points) {
    this.points = points;
    this.shown = null; // which categories are on
    this.levels = new Map();
    this.reach = points.cluster === "auto" && points.count < 300 ? 24 : 46; // pixels
  }

  show(shown) {
    this.shown = shown;
    this.levels.clear();
  }

  at(zoom) {
    const level = this.points.cluster === "none" ? DEEPEST : Math.min(DEEPEST, Math.floor(zoom));
    if (!this.levels.has(level)) this.levels.set(level, this.build(level));
    return this.levels.get(level);
  }

  build(level) {
    const { points, shown } = this, fine = level >= DEEPEST;
    // Marks at one and the same position stay together at every zoom: else one would hide the other.
    const cells = new Map(), across = fine ? 2 ** 26 : worldSize(level) / this.reach;
    for (let i = 0; i < points.count; i++) {
      if (!shown[points.code[i]]) continue;
      const key = Math.floor(points.y[i] * across) * 2 ** 26 + Math.floor(points.x[i] * across);
      const group = cells.get(key);
      if (group) this.join(group, { x: points.x[i], y: points.y[i], count: 1, members: [i] });
      else cells.set(key, this.alone(i));
    }
    let groups = [...cells.values()];
    for (let pass = 0, before = Infinity; !fine && pass < 6 && groups.length < before; pass++) {
      before = groups.length;
      groups = this.apart(groups, worldSize(level));
    }
    return groups;
  }

  alone(i) {
    return { x: this.points.x[i], y: this.points.y[i], count: 1, members: [i], mix: null };
  }

  join(group, other) {
    const count = group.count + other.count;
    group.x += (other.x - group.x) * other.count / count;
    group.y += (other.y - group.y) * other.count / count;
    group.count = count;
    for (const member of other.members) group.members.push(member);
  }

  // Rings that would cover another ring or mark take it in, the busiest first.
  apart(groups, size) {
    const cells = new Map(), kept = [], cell = (value) => Math.floor(value * size / 68);
    const radius = (group) => (group.count > 1 ? ringRadius(group.count) : 6);
    for (const group of groups.sort((a, b) => b.count - a.count)) {
      const column = cell(group.x), row = cell(group.y);
      let under = null;
      for (let step = 0; step < 9 && !under; step++) {
        const near = cells.get(`${column + (step % 3) - 1} ${row + Math.floor(step / 3) - 1}`) ?? [];
        under = near.find((other) => (other.count > 1 || group.count > 1)
          && Math.hypot(other.x - group.x, other.y - group.y) * size < radius(other) + radius(group) + 2);
      }
      if (under) { this.join(under, group); continue; }
      kept.push(group);
      const key = `${column} ${row}`;
      if (cells.has(key)) cells.get(key).push(group);
      else cells.set(key, [group]);
    }
    return kept;
  }

  // How many of each category, counted once when the ring is first drawn.
  mixOf(group) {
    if (!group.mix) {
      group.mix = new Uint32Array(this.points.names.length);
      for (const member of group.members) group.mix[this.points.code[member]] += 1;
    }
    return group.mix;
  }
}

function ringRadius(count) {
  return Math.min(30, 11 + 3.4 * Math.log10(count) ** 1.6);
}

function shortCount(count) {
  if (count < 1000) return String(count);
  const [unit, letter] = count < 999500 ? [1e3, "k"] : [1e6, "M"];
  return Number((count / unit).toPrecision(count < 9.95 * unit ? 2 : 3)).toFixed(count < 9.95 * unit ? 1 : 0).replace(".0", "") + letter;
}
