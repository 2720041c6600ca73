import { bfloat16Value, float16Value, type Tensor, tensor } from '../../engine/tensor/tensor.ts';

let halves: Float32Array | undefined;

/** Every binary16 number by its bits; made at the first use. */
const halfTable = (): Float32Array => {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => float16Value(bits));
  return halves;
};

/** Floating-point numbers of any width as float32; float64 is rounded to the nearest. Integers stay as they are. */
export function asFloat32(source: Tensor): Tensor {
  const { dtype, dims, data } = source;
  switch (dtype) {
    case 'float16': {
      const table = halfTable();
      return tensor(
        'float32',
        dims,
        Float32Array.from(data as Uint16Array, (bits) => table[bits]!),
      ); // dtype says so
    }
    case 'bfloat16':
      return tensor('float32', dims, Float32Array.from(data as Uint16Array, bfloat16Value)); // dtype says so
    case 'float64':
      return tensor('float32', dims, Float32Array.from(data as Float64Array)); // dtype says so
    default:
      return source;
  }
}
