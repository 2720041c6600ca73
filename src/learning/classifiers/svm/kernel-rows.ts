import { HounsfieldError } from '../../../errors.ts';
import { rowProducts } from './inner-products.ts';
import { applyKernel, applyKernelRounded, type Kernel, squaredLengths } from './kernel.ts';

/** Columns from which on a value is rather looked up in another row. */
const LONG = 100;

/** Rows of the kernel matrix, kept as far as memory allows; the least recently used go first. */
export interface KernelRows {
  /** What the kernel is divided by here, so that single precision holds it; 1 unless it is very large or very small. */
  readonly scale: number;
  /** Whether all rows can be kept. */
  readonly roomForAll: boolean;
  /** Kernel of each row with itself. */
  readonly diagonal: Float64Array;
  /** The first `length` values of row `i`; good until another two rows have been asked for. */
  row(i: number, length: number): Float32Array;
  /** Exchanges two rows of the table everywhere. */
  swap(i: number, j: number): void;
}

/**
 * @param given [count, columns], copied; the copy's rows are exchanged by `swap`
 * @param megabytes bound of the memory for kept rows; two rows are kept at the least
 */
export function kernelRows(
  kernel: Kernel,
  given: Float64Array,
  count: number,
  columns: number,
  megabytes: number,
): KernelRows {
  const { values, products, which: missing, multiply } = rowProducts(given, count, columns);
  const slots = Math.max(2, Math.min(count, Math.floor((megabytes * 2 ** 20) / (4 * count))));
  const rows: Float32Array[] = [];
  const slotOf = new Int32Array(count).fill(-1);
  const ownerOf = new Int32Array(slots).fill(-1);
  const lengths = new Int32Array(slots);
  const before = new Int32Array(slots); // doubly linked, the most recent first
  const after = new Int32Array(slots);
  let newest = -1;
  let oldest = -1;
  const squares = squaredLengths(values, count, columns);
  const known = new Uint8Array(count);
  const diagonal = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    products[0] = squares[i]!;
    applyKernel(kernel, products, 1, squares[i]!, squares.subarray(i, i + 1));
    diagonal[i] = products[0]!;
  }
  const scale = scaleOf(diagonal);
  if (scale !== 1) for (let i = 0; i < count; i++) diagonal[i] = diagonal[i]! / scale;

  function unlink(slot: number): void {
    if (slot === newest) newest = after[slot]!;
    else after[before[slot]!] = after[slot]!;
    if (slot === oldest) oldest = before[slot]!;
    else before[after[slot]!] = before[slot]!;
  }

  function toFront(slot: number): void {
    before[slot] = -1;
    after[slot] = newest;
    if (newest >= 0) before[newest] = slot;
    newest = slot;
    if (oldest < 0) oldest = slot;
  }

  function slotFor(i: number): number {
    const own = slotOf[i]!;
    if (own >= 0) {
      if (own !== newest) {
        unlink(own);
        toFront(own);
      }
      return own;
    }
    let slot = rows.length;
    if (slot < slots) rows.push(new Float32Array(count));
    else {
      slot = oldest;
      unlink(slot);
      slotOf[ownerOf[slot]!] = -1;
    }
    lengths[slot] = 0;
    ownerOf[slot] = i;
    slotOf[i] = slot;
    toFront(slot);
    return slot;
  }

  /** Takes from other rows what they hold by symmetry; gives how many are `missing` still. */
  function copyKnown(row: Float32Array, slot: number, i: number, from: number, length: number): number {
    known.fill(0, from, length);
    // Reading one value of each row misses the processor's cache: it pays where inner products are long.
    for (let other = 0; columns >= LONG && other < rows.length; other++) {
      const owner = ownerOf[other]!;
      if (owner < from || owner >= length || lengths[other]! <= i || other === slot) continue;
      row[owner] = rows[other]![i]!;
      known[owner] = 1;
    }
    let wanted = 0;
    for (let j = from; j < length; j++) if (known[j] === 0) missing[wanted++] = j;
    return wanted;
  }

  return {
    scale,
    roomForAll: slots === count,
    diagonal,
    row(i, length) {
      const slot = slotFor(i);
      const row = rows[slot]!;
      const from = lengths[slot]!;
      if (from < length) {
        const wanted = copyKnown(row, slot, i, from, length);
        multiply(i, wanted);
        applyKernelRounded(kernel, products, missing, wanted, squares[i]!, squares, row, 1 / scale);
        lengths[slot] = length;
      }
      return row;
    },
    swap(i, j) {
      if (i === j) return;
      const [low, high] = i < j ? [i, j] : [j, i];
      for (let slot = 0; slot < rows.length; slot++) {
        if (lengths[slot]! <= low) continue;
        const row = rows[slot]!;
        if (lengths[slot]! > high) {
          const keep = row[low]!;
          row[low] = row[high]!;
          row[high] = keep;
        } else lengths[slot] = low; // what lies behind is computed again when it is asked for
      }
      const lowSlot = slotOf[low]!;
      const highSlot = slotOf[high]!;
      if (lowSlot >= 0) ownerOf[lowSlot] = high;
      if (highSlot >= 0) ownerOf[highSlot] = low;
      slotOf[low] = highSlot;
      slotOf[high] = lowSlot;
      exchange(squares, low, high);
      exchange(diagonal, low, high);
      for (let c = 0; c < columns; c++) exchange(values, low * columns + c, high * columns + c);
    },
  };
}

/** @throws CLASSIFIER_DATA where the kernel overflows */
function scaleOf(diagonal: Float64Array): number {
  const largest = diagonal.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!Number.isFinite(largest)) {
    throw new HounsfieldError(
      'CLASSIFIER_DATA',
      'support-vector-machine: the kernel of a row with itself is beyond double precision. Standardise the columns.',
    );
  }
  return largest > 0 && (largest > 1e20 || largest < 1e-8) ? largest : 1;
}

export function exchange(values: Float64Array | Int32Array | Uint8Array, i: number, j: number): void {
  const keep = values[i]!;
  values[i] = values[j]!;
  values[j] = keep;
}
