import { div, expand, mul, reshape, scalarLike, where } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { type Dim, staticShape, type ValueType } from '../graph/shape.ts';
import { elementCount, type NumericDType, tensorOf } from '../tensor/tensor.ts';
import {
  type GradientContext,
  intOf,
  intsOf,
  knownInts,
  misfit,
  notDifferentiable,
  type OperatorTable,
  required,
} from './operator.ts';
import { INTERNAL_DOMAIN } from './schema.ts';
import {
  axisInts,
  extentOf,
  outputSizes,
  spatialSizes,
  type Window,
  windowAttributes,
  windowCounts,
  windowOf,
} from './window.ts';

const internal = { domain: INTERNAL_DOMAIN } as const;

/** Spatial axes of x [N, C, *]; undefined where the rank is not known. */
function spatialOf(node: Node, x: Value): readonly Dim[] | undefined {
  if (x.shape && x.shape.length < 3) misfit(node, 'the input needs a batch, a channel and a spatial axis');
  return x.shape?.slice(2);
}

function kernelOf(node: Node, axes: number): readonly number[] {
  const kernel = intsOf(node, 'kernel_shape') ?? misfit(node, 'the attribute kernel_shape is missing');
  if (kernel.length !== axes || kernel.some((size) => size < 1))
    misfit(node, `kernel_shape is [${kernel}] and the input has ${axes} spatial axes`);
  return kernel;
}

/** [N, C, *] with the window's number of positions along each spatial axis. */
function poolShape(node: Node): readonly ValueType[] {
  const x = required(node, 0);
  const sizes = spatialOf(node, x);
  if (!x.shape || !sizes) return [{ dtype: x.dtype, shape: undefined }];
  const spatial = outputSizes(node, sizes, kernelOf(node, sizes.length), intOf(node, 'ceil_mode', 0) === 1);
  return [{ dtype: x.dtype, shape: [x.shape[0], x.shape[1], ...spatial] }];
}

/** [N, C, 1, …] */
function globalShape(node: Node): readonly ValueType[] {
  const x = required(node, 0);
  const spatial = spatialOf(node, x);
  return [{ dtype: x.dtype, shape: spatial && [x.shape?.[0], x.shape?.[1], ...spatial.map(() => 1)] }];
}

/** The window of a pooling node whose spatial sizes are fixed. */
export function poolWindow(node: Node): Window {
  const sizes = spatialSizes(required(node, 0));
  return windowOf(node, sizes, kernelOf(node, sizes.length));
}

function maxPoolGradient({ graph, node, dy }: GradientContext) {
  const x = required(node, 0);
  const attributes = { ...windowAttributes(poolWindow(node)), ceil_mode: intOf(node, 'ceil_mode', 0) };
  return [dy[0] && graph.op('MaxPoolGradient', [dy[0], x], attributes, internal)];
}

/**
 * Adds to every element of the input what each window that covers it brings: the transpose of summing over windows.
 *
 * @param g one value per window, [N, C, windows…]
 * @returns [N, C, sizes…]
 */
function spread(g: Value, window: Window, sizes: readonly number[]): Value {
  const [batch, channels, ...counts] = staticShape(g) as [number, number, ...number[]]; // [N, C, windows…]
  if (tiles(window, counts, sizes)) return tile(g, window);
  // A window may reach past the padding (ceil_mode): padding that far changes nothing and makes the sizes agree.
  const end = sizes.map((size, i) =>
    Math.max(
      window.end[i]!,
      window.strides[i]! * (counts[i]! - 1) +
        extentOf(window.kernel[i]!, window.dilations[i]!) -
        size -
        window.begin[i]!,
    ),
  );
  const folded = reshape(g, [batch * channels, 1, ...counts]);
  const ones = filled(g.graph, [1, 1, ...window.kernel], g, 1);
  const dx = g.graph.op(
    'ConvInputGradient',
    [folded, ones],
    { ...windowAttributes({ ...window, end }), group: 1, input_shape: [batch * channels, 1, ...sizes] },
    internal,
  );
  return reshape(dx, [batch, channels, ...sizes]);
}

/** Whether the windows lie side by side and cover the input exactly. */
function tiles(window: Window, counts: readonly number[], sizes: readonly number[]): boolean {
  return sizes.every(
    (size, i) =>
      window.begin[i] === 0 &&
      window.dilations[i] === 1 &&
      window.kernel[i] === window.strides[i] &&
      counts[i]! * window.kernel[i]! === size,
  );
}

/** Repeats every element kernel times along each spatial axis. */
function tile(g: Value, { kernel }: Window): Value {
  const [batch, channels, ...counts] = staticShape(g) as [number, number, ...number[]]; // [N, C, windows…]
  const apart = reshape(g, [batch, channels, ...counts.flatMap((count) => [count, 1])]);
  const repeated = expand(apart, [batch, channels, ...counts.flatMap((count, i) => [count, kernel[i]!])]);
  return reshape(repeated, [batch, channels, ...counts.map((count, i) => count * kernel[i]!)]);
}

function filled(graph: Graph, dims: readonly number[], like: Value, value: number): Value {
  // Pooling takes float types only.
  const dtype = like.dtype as NumericDType;
  return graph.constant(tensorOf(dtype, dims, new Float64Array(elementCount(dims)).fill(value)));
}

/** How many elements each window averages over, [windows…] in row-major order. */
function divisors(node: Node, window: Window, sizes: readonly number[], counts: readonly number[]) {
  const padded = intOf(node, 'count_include_pad', 0) === 1;
  let product = [1];
  for (const [axis, size] of sizes.entries()) {
    const first = padded ? -window.begin[axis]! : 0;
    const past = padded ? size + window.end[axis]! : size;
    const along = Array.from({ length: counts[axis]! }, (_, position) => {
      const start = position * window.strides[axis]! - window.begin[axis]!;
      const taps = Array.from(
        { length: window.kernel[axis]! },
        (_, tap) => start + tap * window.dilations[axis]!,
      );
      return taps.filter((index) => index >= first && index < past).length;
    });
    product = product.flatMap((count) => along.map((more) => count * more));
  }
  return product;
}

function averagePoolGradient({ graph, node, dy }: GradientContext) {
  const sizes = staticShape(required(node, 0)).slice(2);
  const window = poolWindow(node);
  const counts = windowCounts(node, window, sizes, intOf(node, 'ceil_mode', 0) === 1);
  const elements = divisors(node, window, sizes, counts);
  const g = dy[0]!;
  const shares = elements.map((count) => (count > 0 ? 1 / count : 0));
  const same = shares.every((share) => share === shares[0]);
  const factor = same
    ? scalarLike(g, shares[0]!)
    : graph.constant(tensorOf(g.dtype as NumericDType, counts, shares)); // pooling takes float types only
  return [spread(mul(g, factor), window, sizes)];
}

/** x |x|^(p-2), the derivative of |x|^p / p. */
function powerSlope(x: Value, p: number): Value {
  const { graph } = x;
  if (p === 2) return x;
  const sign = graph.op('Sign', [x]);
  if (p === 1) return sign;
  return mul(sign, graph.op('Pow', [graph.op('Abs', [x]), scalarLike(x, p - 1)]));
}

/** dy / y^(p-1), and zero where the norm is zero: there the norm has no derivative, and zero lies between all. */
function normShare(dy: Value, y: Value, p: number): Value {
  if (p === 1) return dy;
  const { graph } = y;
  const zero = scalarLike(y, 0);
  const empty = graph.op('Equal', [y, zero]);
  const safe = where(empty, scalarLike(y, 1), y);
  const power = p === 2 ? safe : graph.op('Pow', [safe, scalarLike(y, p - 1)]);
  return where(empty, zero, div(dy, power));
}

function lpPoolGradient({ node, dy }: GradientContext) {
  const x = required(node, 0);
  const p = intOf(node, 'p', 2);
  const share = normShare(dy[0]!, node.outputs[0]!, p);
  return [mul(powerSlope(x, p), spread(share, poolWindow(node), staticShape(x).slice(2)))];
}

function globalLpPoolGradient({ node, dy }: GradientContext) {
  const x = required(node, 0);
  const p = intOf(node, 'p', 2);
  return [mul(powerSlope(x, p), normShare(dy[0]!, node.outputs[0]!, p))];
}

function globalAveragePoolGradient({ node, dy }: GradientContext) {
  const dims = staticShape(required(node, 0));
  return [expand(mul(dy[0]!, scalarLike(dy[0]!, 1 / elementCount(dims.slice(2)))), dims)];
}

/** The whole gradient goes to the first of the largest elements, as in PyTorch's adaptive_max_pool. */
function globalMaxPoolGradient({ graph, node, dy }: GradientContext) {
  const x = required(node, 0);
  const dims = staticShape(x);
  const [batch, channels, ...sizes] = dims as [number, number, ...number[]]; // [N, C, *]
  const flat = [batch, channels, elementCount(sizes)];
  const best = graph.op('ArgMax', [reshape(x, flat)], { axis: 2, keepdims: 1 }); // [N, C, 1]
  const zeros = expand(scalarLike(x, 0), flat);
  const dx = graph.op('ScatterElements', [zeros, best, reshape(dy[0]!, [batch, channels, 1])], { axis: 2 });
  return [reshape(dx, dims)];
}

/** [N, C, *] with the sizes that the pooling which is undone had taken in. */
function unpoolShape(node: Node): readonly ValueType[] {
  const x = required(node, 0);
  const sizes = spatialOf(node, x);
  if (!x.shape || !sizes) return [{ dtype: x.dtype, shape: undefined }];
  if (node.inputs[2])
    return [{ dtype: x.dtype, shape: knownInts(node.inputs[2]) ?? x.shape.map(() => undefined) }];
  const kernel = kernelOf(node, sizes.length);
  const strides = axisInts(node, 'strides', sizes.length, 1, 1);
  const pads = axisInts(node, 'pads', 2 * sizes.length, 0, 0);
  const spatial = sizes.map((size, i) =>
    typeof size === 'number'
      ? (size - 1) * strides[i]! + kernel[i]! - pads[i]! - pads[i + sizes.length]!
      : undefined,
  );
  return [{ dtype: x.dtype, shape: [x.shape[0], x.shape[1], ...spatial] }];
}

/** [regions, C, output_height, output_width] of x [N, C, H, W], rois [regions, 4], batch indices [regions]. */
function roiAlignShape(node: Node): readonly ValueType[] {
  const x = required(node, 0);
  const regions = required(node, 1).shape?.[0] ?? node.inputs[2]?.shape?.[0];
  if (x.shape && x.shape.length !== 4) misfit(node, 'the input needs 4 axes');
  const sizes = [intOf(node, 'output_height', 1), intOf(node, 'output_width', 1)];
  return [{ dtype: x.dtype, shape: [regions, x.shape?.[1], ...sizes] }];
}

/** [regions, C, pooled height, pooled width] of x [N, C, H, W] and rois [regions, 5]. */
function maxRoiPoolShape(node: Node): readonly ValueType[] {
  const x = required(node, 0);
  const pooled = intsOf(node, 'pooled_shape') ?? misfit(node, 'the attribute pooled_shape is missing');
  return [{ dtype: x.dtype, shape: [required(node, 1).shape?.[0], x.shape?.[1], ...pooled] }];
}

/** Pooling over one to three spatial axes. */
export const pooling: OperatorTable = {
  MaxPool: {
    shape: (node) => {
      const [values] = poolShape(node);
      return [values!, { dtype: 'int64', shape: values!.shape }];
    },
    gradient: maxPoolGradient,
  },
  AveragePool: { shape: poolShape, gradient: averagePoolGradient },
  LpPool: { shape: poolShape, gradient: lpPoolGradient },
  GlobalAveragePool: { shape: globalShape, gradient: globalAveragePoolGradient },
  GlobalMaxPool: { shape: globalShape, gradient: globalMaxPoolGradient },
  GlobalLpPool: { shape: globalShape, gradient: globalLpPoolGradient },
  MaxUnpool: {
    shape: unpoolShape,
    gradient: notDifferentiable('no gradient has been written for unpooling yet'),
  },
  MaxRoiPool: {
    shape: maxRoiPoolShape,
    gradient: notDifferentiable('no gradient has been written for pooling of regions yet'),
  },
  RoiAlign: {
    shape: roiAlignShape,
    gradient: notDifferentiable('no gradient has been written for pooling of regions yet'),
  },
};
