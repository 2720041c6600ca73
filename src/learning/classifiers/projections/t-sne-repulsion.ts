/** What drives places apart: sums of q^2 times their difference, and the sum of all q = 1 / (1 + distance^2). */
export interface Repulsion {
  readonly forces: Float64Array; // [rows, 2]
  readonly total: number;
}

/** @param theta 0 for every pair by itself; else squares narrower than theta times their distance stand for their places */
export function repulsion(places: Float64Array, theta: number): Repulsion {
  return theta === 0 ? everyPair(places) : byTree(places, theta);
}

function everyPair(places: Float64Array): Repulsion {
  const forces = new Float64Array(places.length);
  let total = 0;
  for (let i = 0; i < places.length; i += 2) {
    const px = places[i]!;
    const py = places[i + 1]!;
    let fx = 0;
    let fy = 0;
    for (let j = i + 2; j < places.length; j += 2) {
      const dx = px - places[j]!;
      const dy = py - places[j + 1]!;
      const q = 1 / (1 + dx * dx + dy * dy);
      total += q;
      const push = q * q;
      fx += push * dx;
      fy += push * dy;
      forces[j] = forces[j]! - push * dx;
      forces[j + 1] = forces[j + 1]! - push * dy;
    }
    forces[i] = forces[i]! + fx;
    forces[i + 1] = forces[i + 1]! + fy;
  }
  return { forces, total: Math.max(Number.MIN_VALUE, 2 * total) };
}

/** Squares in squares; a node has four children from `first` on, or holds places that are one. */
interface Tree {
  readonly first: Int32Array; // 0: a leaf
  readonly count: Int32Array;
  readonly sumX: Float64Array;
  readonly sumY: Float64Array;
  readonly width: Float64Array;
}

const DEEPEST = 48;

/** Barnes and Hut's tree of squares (A hierarchical O(N log N) force-calculation algorithm, 1986). */
function grown(places: Float64Array): Tree {
  const most = Math.max(64, 8 * places.length);
  const tree = emptyTree(most);
  let nodes = 1;
  let [low, high] = [Infinity, -Infinity];
  for (const value of places) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const centreX = new Float64Array(most);
  const centreY = new Float64Array(most);
  centreX[0] = (low + high) / 2;
  centreY[0] = (low + high) / 2;
  tree.width[0] = (high - low) * (1 + 1e-9) + 1e-300;
  const childOf = (node: number, x: number, y: number) =>
    tree.first[node]! + (x >= centreX[node]! ? 1 : 0) + (y >= centreY[node]! ? 2 : 0);
  const split = (node: number) => {
    tree.first[node] = nodes;
    const half = tree.width[node]! / 2;
    for (let k = 0; k < 4; k++) {
      centreX[nodes] = centreX[node]! + ((k & 1) === 1 ? half : -half) / 2;
      centreY[nodes] = centreY[node]! + ((k & 2) === 2 ? half : -half) / 2;
      tree.width[nodes++] = half;
    }
  };
  const add = (node: number, count: number, x: number, y: number) => {
    tree.count[node]! += count;
    tree.sumX[node]! += count * x;
    tree.sumY[node]! += count * y;
  };
  for (let i = 0; i < places.length; i += 2) {
    const [x, y] = [places[i]!, places[i + 1]!];
    let node = 0;
    for (let depth = 0; ; depth++) {
      const before = tree.count[node]!;
      if (tree.first[node] === 0) {
        const [ox, oy] = [tree.sumX[node]! / before, tree.sumY[node]! / before];
        const together = before === 0 || depth >= DEEPEST || (ox === x && oy === y) || nodes + 4 > most;
        if (together) {
          add(node, 1, x, y);
          break;
        }
        split(node);
        add(childOf(node, ox, oy), before, ox, oy);
      }
      add(node, 1, x, y);
      node = childOf(node, x, y);
    }
  }
  return tree;
}

const emptyTree = (most: number): Tree => ({
  first: new Int32Array(most),
  count: new Int32Array(most),
  sumX: new Float64Array(most),
  sumY: new Float64Array(most),
  width: new Float64Array(most),
});

function byTree(places: Float64Array, theta: number): Repulsion {
  const { first, count, sumX, sumY, width } = grown(places);
  const forces = new Float64Array(places.length);
  const open = new Int32Array(4 * DEEPEST + 8);
  const near = theta * theta;
  let total = 0;
  for (let i = 0; i < places.length; i += 2) {
    const px = places[i]!;
    const py = places[i + 1]!;
    let fx = 0;
    let fy = 0;
    let depth = 1;
    open[0] = 0;
    while (depth > 0) {
      const node = open[--depth]!;
      const held = count[node]!;
      if (held === 0) continue;
      const dx = px - sumX[node]! / held;
      const dy = py - sumY[node]! / held;
      const square = dx * dx + dy * dy;
      const child = first[node]!;
      if (child !== 0 && width[node]! * width[node]! >= near * square) {
        for (let k = 0; k < 4; k++) open[depth++] = child + k;
        continue;
      }
      const q = 1 / (1 + square);
      total += held * q;
      const push = held * q * q;
      fx += push * dx;
      fy += push * dy;
    }
    forces[i] = fx;
    forces[i + 1] = fy;
  }
  // Each place has counted itself once, with q = 1.
  return { forces, total: Math.max(Number.MIN_VALUE, total - places.length / 2) };
}
