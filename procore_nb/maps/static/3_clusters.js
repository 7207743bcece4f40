// Cluster points that would cover each other. In: points and a zoom. Out: groups with count, mix and members.

const DEEPEST = 17; // from this zoom on every point stands by itself

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
    const { points, shown } = this;
    const list = [];
    if (level >= DEEPEST) {
      for (let i = 0; i < points.count; i++) if (shown[points.code[i]]) list.push(this.alone(i));
      return list;
    }
    const cells = new Map(), across = worldSize(level) / this.reach, columns = Math.ceil(across) + 2;
    for (let i = 0; i < points.count; i++) {
      if (!shown[points.code[i]]) continue;
      const key = Math.floor(points.y[i] * across) * columns + Math.floor(points.x[i] * across);
      const group = cells.get(key);
      if (group) this.join(group, i);
      else cells.set(key, this.alone(i));
    }
    return this.merged(cells, columns, (this.reach * 0.85) / worldSize(level));
  }

  alone(i) {
    return { x: this.points.x[i], y: this.points.y[i], count: 1, members: [i], mix: null };
  }

  join(group, i) {
    group.count += 1;
    group.x += (this.points.x[i] - group.x) / group.count;
    group.y += (this.points.y[i] - group.y) / group.count;
    group.members.push(i);
  }

  // Neighbouring cells whose middles nearly touch become one; the busiest cell takes the others in.
  merged(cells, columns, near) {
    const order = [...cells.entries()].sort((a, b) => b[1].count - a[1].count);
    for (const [key, group] of order) {
      if (group.taken) continue;
      for (const step of [-columns - 1, -columns, -columns + 1, -1, 1, columns - 1, columns, columns + 1]) {
        const other = cells.get(key + step);
        if (!other || other.taken || other.count > group.count) continue;
        if (Math.hypot(other.x - group.x, other.y - group.y) > near) continue;
        const count = group.count + other.count;
        group.x = (group.x * group.count + other.x * other.count) / count;
        group.y = (group.y * group.count + other.y * other.count) / count;
        group.count = count;
        for (const member of other.members) group.members.push(member);
        other.taken = true;
      }
    }
    return order.map(([, group]) => group).filter((group) => !group.taken);
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
  return count < 9950 ? `${(count / 1000).toFixed(1)}k` : `${Math.round(count / 1000)}k`;
}
