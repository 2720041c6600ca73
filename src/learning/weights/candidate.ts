import { elementCount, type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { asFloat32 } from './element-type.ts';

/** A tensor of a file on its way into a network: where it came from, the shape it will have, and how to make it. */
export interface Candidate {
  /** Its name in the file. */
  readonly from: string;
  readonly dims: readonly number[];
  /** What was done to it besides renaming, in words. */
  readonly how?: string;
  /** Made when it is wanted, as float32 where it holds fractions. */
  readonly read: () => Tensor;
}

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** A candidate for every name in the network that a layout knows, and what is to be said about them all. */
export interface Renamed {
  readonly byName: ReadonlyMap<string, Candidate>;
  readonly notes: readonly string[];
}

/** How a program names its parameters, and in which order their axes lie. */
export type Layout = (given: ReadonlyMap<string, Candidate>, wanted: Shapes) => Renamed;

export const candidateOf = (from: string, source: Tensor): Candidate => ({
  from,
  dims: source.dims,
  read: () => asFloat32(source),
});

/** The same numbers in another order of axes: axis i of the result is axis order[i] of the source. */
export function reordered(source: Candidate, order: readonly number[], how?: string): Candidate {
  const dims = order.map((axis) => source.dims[axis]!);
  return { ...source, dims, ...(how ? { how } : {}), read: () => transposed(source.read(), order) };
}

export function reshaped(source: Candidate, dims: readonly number[], how?: string): Candidate {
  const read = () => {
    const { dtype, data } = source.read();
    return tensor(dtype, dims, data);
  };
  return { ...source, dims, ...(how ? { how } : {}), read };
}

/** The values changed one by one by their index. */
export function mapped(
  source: Candidate,
  change: (value: number, index: number) => number,
  how: string,
): Candidate {
  const read = () => {
    const { dims, data } = source.read();
    return tensor('float32', dims, Float32Array.from(data as Float32Array, change)); // floats are float32 by now
  };
  return { ...source, how, read };
}

function transposed({ dtype, dims, data }: Tensor, order: readonly number[]): Tensor {
  const values = data as Float32Array; // of any numeric type: only moved
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  const outDims = order.map((axis) => dims[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const out = values.slice();
  const index = new Array<number>(outDims.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = values[from]!;
    for (let axis = outDims.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < outDims[axis]!) break;
      from -= steps[axis]! * outDims[axis]!;
      index[axis] = 0;
    }
  }
  return tensor(dtype, outDims, out as never); // of the same type as the source
}
