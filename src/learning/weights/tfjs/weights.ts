import { elementCount, float16Value, type Tensor, tensor } from '../../../engine/tensor/tensor.ts';
import { weightsFault } from './faults.ts';
import { type Config, isRecord } from './topology.ts';

/** Reads one shard, by the name that model.json gives it; asked for more than `limit` bytes it may throw. */
export type ReadShard = (path: string, limit: number) => Uint8Array;

type Quantized = 'uint8' | 'uint16' | 'float16';

interface Entry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: string;
  readonly stored: string;
  readonly scale: number;
  readonly min: number;
}

const bytesOf: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  uint8: 1,
  uint16: 2,
  float16: 2,
  bool: 1,
};
const MOST_BYTES = 2 ** 31 - 1;

/** The weights that weightsManifest lists, dequantised to float32, by name. @throws TFJS_WEIGHTS */
export function readWeights(manifest: unknown, readShard: ReadShard): Map<string, Tensor> {
  if (!Array.isArray(manifest)) return weightsFault('there is no weightsManifest');
  const groups: readonly unknown[] = manifest;
  const weights = new Map<string, Tensor>();
  for (const group of groups) {
    if (!isRecord(group)) return weightsFault('a group of the manifest is not an object');
    const { paths, weights: listed } = group;
    if (!Array.isArray(paths) || !Array.isArray(listed))
      return weightsFault('a group has no paths or no weights');
    const entries = (listed as readonly unknown[]).map(entryOf); // an array, by the check above
    const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    if (total > MOST_BYTES) return weightsFault(`a group has ${total} bytes, at most ${MOST_BYTES} are read`);
    const bytes = joined(paths, total, readShard);
    let offset = 0;
    for (const entry of entries) {
      if (weights.has(entry.name)) return weightsFault(`'${entry.name}' is listed twice`);
      const end = offset + sizeOf(entry);
      weights.set(entry.name, decode(entry, bytes.subarray(offset, end)));
      offset = end;
    }
  }
  return weights;
}

const sizeOf = ({ dims, stored }: Entry): number => elementCount(dims) * bytesOf[stored]!;

/** The shards one after the other; a weight may begin in one and end in the next. */
function joined(paths: readonly unknown[], total: number, readShard: ReadShard): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const path of paths) {
    if (typeof path !== 'string') return weightsFault('a shard is not named by text');
    const part = readShard(path, total - length);
    parts.push(part);
    length += part.length;
    if (length > total) break;
  }
  if (length !== total) {
    return weightsFault(
      `the shards hold ${length > total ? 'more than ' : ''}${length} bytes, the manifest lists ${total}`,
    );
  }
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(total);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function entryOf(value: unknown): Entry {
  if (!isRecord(value)) return weightsFault('an entry of the manifest is not an object');
  const { name, shape, dtype, quantization } = value;
  if (typeof name !== 'string' || typeof dtype !== 'string')
    return weightsFault('an entry has no name or no dtype');
  if (!Array.isArray(shape) || shape.length > 8 || !shape.every(isExtent)) {
    return weightsFault(`'${name}' has no shape of up to 8 whole numbers`);
  }
  const plain: Entry = { name, dims: shape, dtype, stored: dtype, scale: 1, min: 0 };
  const entry = isRecord(quantization) ? quantized(plain, quantization) : plain;
  if (bytesOf[entry.stored] === undefined || !Object.hasOwn(bytesOf, dtype)) {
    return weightsFault(
      `'${name}' is of the type '${entry.stored}', which is not read (float32, int32, uint8, bool)`,
    );
  }
  if (sizeOf(entry) > MOST_BYTES) return weightsFault(`'${name}' has more than ${MOST_BYTES} bytes`);
  return entry;
}

function quantized(plain: Entry, { dtype, scale, min, original_dtype: original }: Config): Entry {
  const known: readonly unknown[] = ['uint8', 'uint16', 'float16'] satisfies readonly Quantized[];
  if (typeof dtype !== 'string' || !known.includes(dtype)) {
    return weightsFault(`'${plain.name}' is quantised to something else than uint8, uint16 or float16`);
  }
  const type = typeof original === 'string' ? original : plain.dtype;
  if (dtype === 'float16') return { ...plain, dtype: type, stored: dtype };
  if (typeof scale !== 'number' || typeof min !== 'number') {
    return weightsFault(`'${plain.name}' is quantised without scale and min`);
  }
  return { ...plain, dtype: type, stored: dtype, scale, min };
}

const isExtent = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_BYTES;

function decode({ dims, dtype, stored, scale, min }: Entry, bytes: Uint8Array): Tensor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = elementCount(dims);
  const data = new Float32Array(count);
  const isQuantized = stored !== dtype;
  for (let i = 0; i < count; i++) {
    const raw = readers[stored]!(view, i);
    data[i] = stored === 'float16' || !isQuantized ? raw : raw * scale + min;
    if (isQuantized && dtype === 'int32') data[i] = Math.round(data[i]!);
  }
  return tensor('float32', dims, data);
}

const readers: Readonly<Record<string, (view: DataView, i: number) => number>> = {
  float32: (view, i) => view.getFloat32(4 * i, true),
  int32: (view, i) => view.getInt32(4 * i, true),
  uint8: (view, i) => view.getUint8(i),
  bool: (view, i) => view.getUint8(i),
  uint16: (view, i) => view.getUint16(2 * i, true),
  float16: (view, i) => float16Value(view.getUint16(2 * i, true)),
};

/**
 * Finds a layer's weight. Savers name it 'conv1/kernel', 'model/conv1/kernel:0' or with a cell between
 * ('lstm/lstm_cell/kernel'): the parts that name the layer must be there in order and the last must be the weight.
 *
 * @param path names of the enclosing models and of the layer
 * @throws TFJS_WEIGHTS where two weights could be meant
 */
export function findWeight(
  names: Iterable<string>,
  path: readonly string[],
  weight: string,
): string | undefined {
  const layer = path.at(-1)!;
  let best: { score: number; names: string[] } = { score: -1, names: [] };
  for (const name of names) {
    const clean = name.replace(/:\d+$/, '');
    const parts = clean.split('/');
    if (clean !== `${layer}/${weight}` && (parts.at(-1) !== weight || !clean.includes(`${layer}/`))) continue;
    const around = `/${clean.slice(0, -weight.length)}`;
    if (!around.includes(`/${layer}/`)) continue;
    const matched = path.slice(0, -1).filter((outer) => around.includes(`/${outer}/`)).length;
    const layers = layer.split('/').length;
    const score = 1000 * matched - (parts.length - 1 - layers - matched);
    if (score > best.score || best.names.length === 0) best = { score, names: [name] };
    else if (score === best.score) best.names.push(name);
  }
  if (best.names.length > 1) {
    return weightsFault(`'${weight}' of '${path.join('/')}' could be ${best.names.slice(0, 4).join(' or ')}`);
  }
  return best.names[0];
}
