import type { Vector3 } from '../../geometry/geometry.ts';
import { type Border, borderIndices } from './borders.ts';

/** A mask of 32 voxels to a word, x rising from the lowest bit; each row begins with a word. */
export interface BitRows {
  readonly words: Int32Array; // [D, H, stride], and two words more that are 0
  readonly stride: number;
  /** Voxels of a row that count. */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
}

export function emptyBits(width: number, height: number, depth: number): BitRows {
  const stride = (width + 31) >>> 5;
  return { words: new Int32Array(stride * height * depth + 2), stride, width, height, depth };
}

/** A mask with a margin around it. @param outside what lies beyond where the border says nothing */
export function packBits(
  mask: ArrayLike<number>, // [D, H, W]
  [width, height, depth]: Vector3,
  below: Vector3 = [0, 0, 0],
  above: Vector3 = [0, 0, 0],
  border: Border = 'constant',
  outside: 0 | 1 = 0,
): BitRows {
  const xs = borderIndices(width, below[0], above[0], border);
  const ys = borderIndices(height, below[1], above[1], border);
  const zs = borderIndices(depth, below[2], above[2], border);
  const bits = emptyBits(xs.length, ys.length, zs.length);
  const { words, stride } = bits;
  for (let z = 0, row = 0; z < zs.length; z++) {
    for (let y = 0; y < ys.length; y++, row += stride) {
      const from = zs[z]! < 0 || ys[y]! < 0 ? -1 : (zs[z]! * height + ys[y]!) * width;
      if (from < 0) {
        if (outside) words.fill(-1, row, row + stride);
        continue;
      }
      for (let x = 0; x < xs.length; ) {
        const end = Math.min(xs.length, x + 32);
        let word = 0;
        for (let bit = 1; x < end; x++, bit <<= 1) {
          const at = xs[x]!;
          if (at < 0 ? outside : mask[from + at]) word |= bit;
        }
        words[row + ((x - 1) >>> 5)] = word;
      }
    }
  }
  return bits;
}

/** 0 and 1 for each voxel [D, H, W]. */
export function unpackBits({ words, stride, width, height, depth }: BitRows): Uint8Array {
  const mask = new Uint8Array(width * height * depth);
  for (let row = 0, to = 0; row < height * depth; row++) {
    for (let x = 0; x < width; ) {
      let word = words[row * stride + (x >>> 5)]!;
      const end = Math.min(width, x + 32);
      if (word === 0) {
        to += end - x;
        x = end;
      } else for (; x < end; x++, word >>>= 1) mask[to++] = word & 1;
    }
  }
  return mask;
}
