import { type Tensor, tensor, tensorOf } from '../../src/engine/tensor/tensor.ts';
import { hash32 } from '../../src/random.ts';

/**
 * Numbers that TypeScript and the peers' Python compute alike from a name (scripts/peers/learning_hash_weights.py), so that
 * networks and data can be compared without storing them.
 */

/** The finalizer of MurmurHash3 (Appleby, public domain): 32 bits well mixed. */
function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** `count` integers in 0..2^32-1 that depend on the name alone. */
export function hashWords(name: string, count: number): Uint32Array {
  const start = hash32(name);
  return Uint32Array.from({ length: count }, (_, i) => mix32((start + Math.imul(i, 0x9e3779b9)) | 0));
}

/** `count` numbers in [low, high). */
export function hashUniform(name: string, count: number, low = -1, high = 1): Float64Array {
  return Float64Array.from(hashWords(name, count), (word) => low + (high - low) * (word / 4294967296));
}

/** A parameter or buffer of that name and shape, in the range that its kind usually has. */
export function hashParameter(name: string, dims: readonly number[]): Tensor {
  if (name.endsWith('num_batches_tracked')) return tensorOf('int64', [], [0]);
  const [low, high] = rangeOf(name, dims);
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
  const start = hash32(name);
  for (let i = 0; i < data.length; i++) {
    data[i] = low + (high - low) * (mix32((start + Math.imul(i, 0x9e3779b9)) | 0) / 4294967296);
  }
  return tensor('float32', dims, data);
}

/** He-like for weights, near 1 for scales and variances, near 0 for the rest. */
function rangeOf(name: string, dims: readonly number[]): readonly [number, number] {
  if (dims.length > 1) {
    const fanIn = dims.slice(1).reduce((product, size) => product * size, 1);
    const bound = Math.sqrt(6 / fanIn);
    return [-bound, bound];
  }
  if (name.endsWith('running_var')) return [0.5, 1.5];
  return name.endsWith('weight') ? [0.9, 1.1] : [-0.1, 0.1];
}
