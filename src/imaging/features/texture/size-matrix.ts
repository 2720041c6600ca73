/**
 * How often something of a grey level and a size occurs (runs, zones, distances, dependences), by the entries that are not
 * zero, ordered by size and then by level.
 */
export interface SizeMatrix {
  /** Rank of the grey level, from 0. */
  readonly ranks: Int32Array;
  readonly sizes: Float64Array;
  readonly counts: Float64Array;
}

/** The sums that all families of this kind share (IBSI reference manual v11, 3.7 to 3.9 and 3.11). */
export interface SizeFeatures {
  readonly small: number;
  readonly large: number;
  readonly lowGrey: number;
  readonly highGrey: number;
  readonly smallLow: number;
  readonly smallHigh: number;
  readonly largeLow: number;
  readonly largeHigh: number;
  readonly greyNonUniformity: number;
  readonly greyNonUniformityNormalised: number;
  readonly sizeNonUniformity: number;
  readonly sizeNonUniformityNormalised: number;
  readonly percentage: number;
  readonly greyVariance: number;
  readonly sizeVariance: number;
  readonly entropy: number;
  readonly energy: number;
}

/** From a table [size, rank] whose row r holds size r. */
export function fromSizeTable(table: Int32Array | Float64Array, ranks: number): SizeMatrix {
  let filled = 0;
  for (let cell = 0; cell < table.length; cell++) if (table[cell] !== 0) filled++;
  const matrix = emptyMatrix(filled);
  let entry = 0;
  for (let cell = 0; cell < table.length; cell++) {
    if (table[cell] === 0) continue;
    const size = Math.floor(cell / ranks);
    matrix.ranks[entry] = cell - size * ranks;
    matrix.sizes[entry] = size;
    matrix.counts[entry++] = table[cell]!;
  }
  return matrix;
}

function emptyMatrix(entries: number) {
  return {
    ranks: new Int32Array(entries),
    sizes: new Float64Array(entries),
    counts: new Float64Array(entries),
  };
}

/** Sizes up to this are counted in a table, the few beyond are sorted. */
const TABLED_SIZE = 255;

/** From lists of one entry for each thing counted: its rank (from 0) and size. */
export function fromSizeLists(
  rankOf: Int32Array,
  sizeOf: Int32Array,
  from: number,
  to: number,
  ranks: number,
): SizeMatrix {
  let highest = 0;
  for (let n = from; n < to; n++) if (sizeOf[n]! > highest && sizeOf[n]! <= TABLED_SIZE) highest = sizeOf[n]!;
  const table = new Int32Array((highest + 1) * ranks);
  const beyond: number[] = [];
  for (let n = from; n < to; n++) {
    const size = sizeOf[n]!;
    if (size > TABLED_SIZE) beyond.push(size * ranks + rankOf[n]!);
    else {
      const cell = size * ranks + rankOf[n]!;
      table[cell] = table[cell]! + 1;
    }
  }
  const small = fromSizeTable(table, ranks);
  if (beyond.length === 0) return small;
  const keys = Float64Array.from(beyond).sort();
  const matrix = emptyMatrix(small.counts.length + keys.length);
  matrix.ranks.set(small.ranks);
  matrix.sizes.set(small.sizes);
  matrix.counts.set(small.counts);
  let entry = small.counts.length;
  for (let k = 0, end = 0; k < keys.length; k = end) {
    while (end < keys.length && keys[end] === keys[k]) end++;
    const size = Math.floor(keys[k]! / ranks);
    matrix.ranks[entry] = keys[k]! - size * ranks;
    matrix.sizes[entry] = size;
    matrix.counts[entry++] = end - k;
  }
  return {
    ranks: matrix.ranks.subarray(0, entry),
    sizes: matrix.sizes.subarray(0, entry),
    counts: matrix.counts.subarray(0, entry),
  };
}

/** From lists of one entry for each thing counted, with sizes that are no whole numbers; alike to nine decimals is equal. */
export function fromRealSizes(rankOf: Int32Array, sizeOf: Float64Array): SizeMatrix {
  const rounded = sizeOf.map((size) => Math.round(size * 1e9) / 1e9);
  const order = Int32Array.from(rankOf.keys());
  order.sort((a, b) => rounded[a]! - rounded[b]! || rankOf[a]! - rankOf[b]!);
  const matrix = emptyMatrix(order.length);
  let entry = -1;
  for (const n of order) {
    const again = entry >= 0 && matrix.sizes[entry] === rounded[n] && matrix.ranks[entry] === rankOf[n];
    if (!again) {
      entry++;
      matrix.ranks[entry] = rankOf[n]!;
      matrix.sizes[entry] = rounded[n]!;
    }
    matrix.counts[entry] = matrix.counts[entry]! + 1;
  }
  return {
    ranks: matrix.ranks.subarray(0, entry + 1),
    sizes: matrix.sizes.subarray(0, entry + 1),
    counts: matrix.counts.subarray(0, entry + 1),
  };
}

/**
 * Features of a matrix that is not empty.
 * @param voxels N_v: what the number of entries is a part of
 */
export function sizeFeatures(matrix: SizeMatrix, levels: Float64Array, voxels: number): SizeFeatures {
  const { ranks, sizes, counts } = matrix;
  const byLevel = new Float64Array(levels.length);
  let [total, meanSize, squares, sizeSquares, logs] = [0, 0, 0, 0, 0];
  let [small, large, smallLow, smallHigh, largeLow, largeHigh] = [0, 0, 0, 0, 0, 0];
  for (let n = 0; n < counts.length; ) {
    const size = sizes[n]!;
    const sizeSquared = size * size;
    let [ofSize, low, high] = [0, 0, 0];
    for (; n < counts.length && sizes[n] === size; n++) {
      const count = counts[n]!;
      const rank = ranks[n]!;
      const level = levels[rank]!;
      byLevel[rank] = byLevel[rank]! + count;
      ofSize += count;
      low += count / (level * level);
      high += count * level * level;
      squares += count * count;
      if (count !== 1) logs += count * Math.log2(count);
    }
    total += ofSize;
    meanSize += ofSize * size;
    sizeSquares += ofSize * ofSize;
    small += ofSize / sizeSquared;
    large += ofSize * sizeSquared;
    smallLow += low / sizeSquared;
    smallHigh += high / sizeSquared;
    largeLow += low * sizeSquared;
    largeHigh += high * sizeSquared;
  }
  meanSize /= total;
  let sizeVariance = 0;
  for (let n = 0; n < counts.length; n++) sizeVariance += (sizes[n]! - meanSize) ** 2 * counts[n]!;
  return {
    small: small / total,
    large: large / total,
    smallLow: smallLow / total,
    smallHigh: smallHigh / total,
    largeLow: largeLow / total,
    largeHigh: largeHigh / total,
    sizeNonUniformity: sizeSquares / total,
    sizeNonUniformityNormalised: sizeSquares / total / total,
    percentage: total / voxels,
    sizeVariance: sizeVariance / total,
    entropy: Math.max(0, Math.log2(total) - logs / total),
    energy: squares / total / total,
    ...greyFeatures(byLevel, levels, total),
  };
}

function greyFeatures(byLevel: Float64Array, levels: Float64Array, total: number) {
  let [mean, variance, squares, low, high] = [0, 0, 0, 0, 0];
  for (let i = 0; i < levels.length; i++) {
    const [level, count] = [levels[i]!, byLevel[i]!];
    mean += level * count;
    squares += count * count;
    low += count / (level * level);
    high += count * level * level;
  }
  mean /= total;
  for (let i = 0; i < levels.length; i++) variance += (levels[i]! - mean) ** 2 * byLevel[i]!;
  return {
    lowGrey: low / total,
    highGrey: high / total,
    greyNonUniformity: squares / total,
    greyNonUniformityNormalised: squares / total / total,
    greyVariance: variance / total,
  };
}
