import type { Matrix } from '../matrix.ts';

/** Columns that are turned at a time: as many numbers as lie in a line or two of the cache. */
const BLOCK = 16;

/** The table as float32 by columns, -0 as 0; [columns, rows]. */
export function tableColumns({ values, rows, columns }: Matrix): Float32Array {
  const result = new Float32Array(rows * columns);
  for (let from = 0; from < columns; from += BLOCK) {
    const to = Math.min(columns, from + BLOCK);
    for (let row = 0; row < rows; row++) {
      const at = row * columns;
      for (let column = from; column < to; column++) result[column * rows + row] = values[at + column]! + 0;
    }
  }
  return result;
}

/** Turns the order of float32 into that of unsigned integers; NaN of either sign is the greatest. */
export function sortKeys(values: Float32Array, keys: Uint32Array): void {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if ((word & 0x7fffffff) > 0x7f800000) keys[i] = 0xffffffff;
    else keys[i] = word >>> 31 === 1 ? ~word : word | 0x80000000;
  }
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The value of such a key. */
export function valueOfKey(key: number): number {
  bits[0] = key >>> 31 === 1 ? key ^ 0x80000000 : ~key;
  return float[0]!;
}
