import type { Node, Value } from '../../engine/graph/graph.ts';
import { constantTensor } from '../../engine/operators/cast-constant.ts';
import { intOf } from '../../engine/operators/operator.ts';
import { type DType, type Tensor, tensor, toNumbers } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** Operators that only a quantised model has. */
const quantised =
  /^(QuantizeLinear|DynamicQuantizeLinear|QLinear\w+|ConvInteger|MatMulInteger\w*|DynamicQuantize\w+|MatMulNBits|QGemm|QAttention)$/;

/** The data of an initializer or of a Constant node; undefined for what is computed. */
export function constantOf(value: Value): Tensor | undefined {
  if (value.constant) return value.constant;
  return value.producer?.op === 'Constant' && value.producer.domain === ''
    ? constantTensor(value.producer)
    : undefined;
}

/** Refuses a model that computes in integers: its steps have no gradient. @throws IMPORTED_QUANTISED */
export function refuseQuantised(nodes: readonly Node[]): void {
  const found = nodes.find(
    (node) => quantised.test(node.op) || (node.op === 'DequantizeLinear' && !weightAlone(node)),
  );
  if (!found) return;
  throw new HounsfieldError(
    'IMPORTED_QUANTISED',
    `${found.op} '${found.name}' computes with quantised activations, which cannot be trained. ` +
      'Fine-tune the float32 model that it was made of, and quantise the result.',
  );
}

const weightAlone = (node: Node): boolean => node.inputs.every((input) => !input || constantOf(input));

/** Weights kept in 8 bits as the numbers they stand for: scale (q - zero point), per tensor or per axis. */
export function dequantised(node: Node): Tensor<'float32'> {
  const [values, scales, zeros] = node.inputs.map((input) => input && constantOf(input));
  if (!values || !scales || intOf(node, 'block_size', 0) > 0) {
    throw new HounsfieldError(
      'IMPORTED_QUANTISED',
      `DequantizeLinear '${node.name}' is not of constants, or in blocks. Fine-tune the float32 model that it was made of.`,
    );
  }
  const [q, scale] = [toNumbers(values), toNumbers(scales)];
  const zero = zeros ? toNumbers(zeros) : [];
  const axis = intOf(node, 'axis', 1);
  const at = axis < 0 ? axis + values.dims.length : axis;
  const after = values.dims.slice(at + 1).reduce((product, size) => product * size, 1);
  const along = scale.length === 1 ? 1 : (values.dims[at] ?? 1);
  const data = Float32Array.from(q, (item, i) => {
    const channel = Math.floor(i / after) % along;
    return (item - (zero[channel] ?? zero[0] ?? 0)) * scale[channel]!;
  });
  return tensor('float32', values.dims, data);
}

/** Element types of half precision become float32; double precision does where the image is in it. */
export function trainedType(dtype: DType, image: DType): DType {
  if (dtype === 'float16' || dtype === 'bfloat16') return 'float32';
  return dtype === 'float64' && image === 'float64' ? 'float32' : dtype;
}

/** The tensor in the element type that it is trained in. */
export function trainedTensor(given: Tensor, image: DType): Tensor {
  if (trainedType(given.dtype, image) === given.dtype) return given;
  return tensor('float32', given.dims, Float32Array.from(toNumbers(given)));
}
