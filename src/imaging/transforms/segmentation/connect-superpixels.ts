import type { Vector3 } from '../../geometry/geometry.ts';

/**
 * Numbers the connected pieces of clusters from 1 in raster order. A piece of fewer voxels than `least` goes to the
 * neighbour met last while it is walked; one that reaches `most` is cut off there.
 *
 * @param clusters [D, H, W], -1 is left out and becomes 0
 */
export function connectSuperpixels(
  clusters: Int32Array,
  [width, height, depth]: Vector3,
  least: number,
  most: number,
): Int32Array {
  const plane = width * height;
  const labels = new Int32Array(clusters.length);
  const piece = new Int32Array(Math.max(1, most));
  const steps = Int32Array.of(1, -1, width, -width, plane, -plane);
  let next = 1;
  for (let start = 0; start < clusters.length; start++) {
    const cluster = clusters[start]!;
    if (cluster < 0 || labels[start] !== 0) continue;
    let beside = next;
    let size = 1;
    labels[start] = next;
    piece[0] = start;
    for (let seen = 0; seen < size && size < most; seen++) {
      const i = piece[seen]!;
      const z = Math.floor(i / plane);
      const y = Math.floor((i - z * plane) / width);
      const x = i - z * plane - y * width;
      for (let k = 0; k < 6; k++) {
        if (k === 0 ? x + 1 === width : k === 1 ? x === 0 : false) continue;
        if (k === 2 ? y + 1 === height : k === 3 ? y === 0 : false) continue;
        if (k === 4 ? z + 1 === depth : k === 5 ? z === 0 : false) continue;
        const j = i + steps[k]!;
        if (clusters[j] === cluster && labels[j] === 0) {
          labels[j] = next;
          piece[size++] = j;
          if (size >= most) break;
        } else if (labels[j] !== 0 && labels[j] !== next) beside = labels[j]!;
      }
    }
    if (size < least) for (let n = 0; n < size; n++) labels[piece[n]!] = beside;
    else next++;
  }
  return labels;
}
