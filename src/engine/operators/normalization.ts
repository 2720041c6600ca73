import {
  add,
  apply,
  div,
  mul,
  neg,
  reduceSum,
  reshape,
  scalarLike,
  sub,
  unbroadcast,
  where,
} from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { type NumericDType, tensorOf } from '../tensor/tensor.ts';
import { batchNormalization } from './batch-normalization.ts';
import {
  floatOf,
  type GradientContext,
  type GradientRule,
  intOf,
  intsOf,
  knownInts,
  misfit,
  normalizeAxis,
  type OperatorTable,
  required,
  sameAsInput,
} from './operator.ts';

/** Operators that bring values to a common scale, and Dropout. */
export const normalization: OperatorTable = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: { shape: sameAsInput, gradient: perGroupGradient((_node, channels) => channels) },
  GroupNormalization: {
    shape: sameAsInput,
    gradient: perGroupGradient((node) => intOf(node, 'num_groups', 1)),
  },
  LayerNormalization: {
    shape: (node) => {
      const { dtype, shape } = required(node, 0);
      const first = shape && normalizeAxis(node, intOf(node, 'axis', -1), shape.length);
      const moments = { dtype, shape: shape?.map((dim, i) => (i < first! ? dim : 1)) };
      return [{ dtype, shape }, moments, moments];
    },
    gradient: layerGradient,
  },
  MeanVarianceNormalization: {
    shape: sameAsInput,
    gradient: ({ node, dy }) => {
      const x = node.inputs[0]!;
      const { normalized, inverse } = standardize(x, intsOf(node, 'axes') ?? [0, 2, 3], 0);
      return [standardizeGradient(dy[0]!, normalized, inverse, intsOf(node, 'axes') ?? [0, 2, 3])];
    },
  },
  LpNormalization: { shape: sameAsInput, gradient: lpGradient },
  LRN: { shape: sameAsInput, gradient: lrnGradient },
  Dropout: {
    shape: (node) => {
      const { dtype, shape } = required(node, 0);
      return [
        { dtype, shape },
        { dtype: 'bool', shape },
      ];
    },
    gradient: dropoutGradient,
  },
};

const mean = (x: Value, axes: readonly number[]): Value => {
  const dims = staticShape(x);
  const count = axes.reduce((product, axis) => product * dims.at(axis)!, 1);
  return div(reduceSum(x, axes, true), scalarLike(x, count));
};

/** (x - mean) / sqrt(variance + epsilon) over the axes, and the factor 1 / sqrt(variance + epsilon). */
function standardize(x: Value, axes: readonly number[], epsilon: number) {
  const centred = sub(x, mean(x, axes));
  const variance = mean(mul(centred, centred), axes);
  const inverse = apply('Reciprocal', apply('Sqrt', add(variance, scalarLike(x, epsilon))));
  return { normalized: mul(centred, inverse), inverse };
}

/** Of n = standardize(x), given g = dL/dn: inverse (g - mean(g) - n mean(g n)) (Ba et al., 2016). */
function standardizeGradient(g: Value, normalized: Value, inverse: Value, axes: readonly number[]): Value {
  const along = mul(normalized, mean(mul(g, normalized), axes));
  return mul(inverse, sub(sub(g, mean(g, axes)), along));
}

/** y = scale n + bias with n standardized within groups of channels; scale and bias are per channel. */
function perGroupGradient(groupsOf: (node: Node, channels: number) => number): GradientRule {
  return ({ node, dy, wants }) => {
    const [x, scale] = [node.inputs[0]!, node.inputs[1]!];
    const dims = staticShape(x);
    const [batch, channels] = [dims[0]!, dims[1]!];
    const groups = groupsOf(node, channels);
    const grouped = [batch, groups, dims.reduce((product, dim) => product * dim, 1) / (batch * groups)];
    const { normalized, inverse } = standardize(reshape(x, grouped), [2], floatOf(node, 'epsilon', 1e-5));
    const spatial = dims.slice(2).map((_, i) => i + 2);
    const sumPerChannel = (value: Value): Value => reduceSum(value, [0, ...spatial]);
    const toX = (): Value => {
      const perChannel = reshape(scale, [1, channels, ...spatial.map(() => 1)]);
      const g = reshape(mul(dy[0]!, perChannel), grouped);
      return reshape(standardizeGradient(g, normalized, inverse, [2]), dims);
    };
    return [
      wants(0) ? toX() : undefined,
      wants(1) ? sumPerChannel(mul(dy[0]!, reshape(normalized, dims))) : undefined,
      wants(2) ? sumPerChannel(dy[0]!) : undefined,
    ];
  };
}

function layerGradient({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const [x, scale, bias] = node.inputs as [Value, Value, Value | undefined]; // the schema has two or three
  const dims = staticShape(x);
  const first = normalizeAxis(node, intOf(node, 'axis', -1), dims.length);
  const axes = dims.flatMap((_, i) => (i < first ? [] : [i]));
  const { normalized, inverse } = standardize(x, axes, floatOf(node, 'epsilon', 1e-5));
  const [dyY, dyMean, dyInverse] = dy;
  const parts: Value[] = [];
  if (wants(0)) {
    const count = scalarLike(
      x,
      axes.reduce((product, axis) => product * dims[axis]!, 1),
    );
    const whole = (value: Value): Value => x.graph.op('Expand', [value, x.graph.op('Shape', [x])]);
    if (dyY) parts.push(standardizeGradient(mul(dyY, scale), normalized, inverse, axes));
    if (dyMean) parts.push(whole(div(dyMean, count)));
    // d(1/σ)/dx = -n / (σ² count)
    if (dyInverse) {
      parts.push(neg(mul(normalized, div(mul(dyInverse, mul(inverse, inverse)), count))));
    }
  }
  return [
    parts.length > 0 ? parts.reduce((sum, part) => add(sum, part)) : undefined,
    dyY && wants(1) ? unbroadcast(mul(dyY, normalized), scale) : undefined,
    dyY && bias && wants(2) ? unbroadcast(dyY, bias) : undefined,
  ];
}

/** y = x / |x|: (dy - slope sum(dy y)) / |x|, where slope is y for p = 2 and sign(x) for p = 1; zero where |x| is. */
function lpGradient({ graph, node, dy }: GradientContext): readonly (Value | undefined)[] {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!];
  const axis = normalizeAxis(node, intOf(node, 'axis', -1), staticShape(x).length);
  const p = intOf(node, 'p', 2);
  const axes = graph.constant(tensorOf('int64', [1], [axis]));
  const norm = graph.op(p === 1 ? 'ReduceL1' : 'ReduceL2', [x, axes], { keepdims: 1 });
  const slope = p === 1 ? apply('Sign', x) : y;
  const gradient = div(sub(dy[0]!, mul(slope, reduceSum(mul(dy[0]!, y), [axis], true))), norm);
  return [where(apply('Equal', norm, scalarLike(norm, 0)), scalarLike(gradient, 0), gradient)];
}

/**
 * y = x s^-beta, s = bias + alpha / size · (sum of x² over `size` channels around each) (Krizhevsky et al., 2012):
 * dx = dy s^-beta - 2 alpha beta / size · x · (sum over the mirrored window of dy y / s).
 */
function lrnGradient({ node, dy }: GradientContext): readonly (Value | undefined)[] {
  const [x, y] = [node.inputs[0]!, node.outputs[0]!];
  const size = intOf(node, 'size', 1);
  const [alpha, beta] = [floatOf(node, 'alpha', 1e-4), floatOf(node, 'beta', 0.75)];
  const before = Math.floor((size - 1) / 2);
  const windowed = windowSum(mul(x, x), before, size - 1 - before);
  const s = add(mul(windowed, scalarLike(x, alpha / size)), scalarLike(x, floatOf(node, 'bias', 1)));
  const direct = mul(dy[0]!, apply('Pow', s, scalarLike(x, -beta)));
  const around = windowSum(div(mul(dy[0]!, y), s), size - 1 - before, before);
  return [sub(direct, mul(mul(x, scalarLike(x, (2 * alpha * beta) / size)), around))];
}

/** Sums over a window of channels: a product with a banded matrix [C, C]. */
function windowSum(x: Value, before: number, after: number): Value {
  const dims = staticShape(x);
  const channels = dims[1]!;
  const band = Array.from({ length: channels * channels }, (_, i) => {
    const offset = (i % channels) - Math.floor(i / channels);
    return offset >= -before && offset <= after ? 1 : 0;
  });
  const matrix = x.graph.constant(tensorOf(x.dtype as NumericDType, [channels, channels], band)); // a float type
  const flat = reshape(x, [dims[0]!, channels, dims.slice(2).reduce((product, dim) => product * dim, 1)]);
  return reshape(x.graph.op('MatMul', [matrix, flat]), dims);
}

/** Kept elements were multiplied by 1 / (1 - ratio), the others were set to zero. */
function dropoutGradient({ node, dy }: GradientContext): readonly (Value | undefined)[] {
  const [x, ratio, training] = node.inputs;
  if (!dy[0]) return [];
  const mode = training ? knownInts(training)?.[0] : 0;
  if (mode === 0) return [dy[0]];
  const mask = node.outputs[1];
  if (!mask || mask.name === '') {
    misfit(node, 'the gradient needs the mask, the second output; ask for both outputs');
  }
  const one = scalarLike(x!, 1);
  const kept = sub(one, ratio ?? scalarLike(x!, 0.5));
  const scale = mode === undefined ? where(training!, div(one, kept), one) : div(one, kept);
  return [where(mask, mul(dy[0], scale), scalarLike(dy[0], 0))];
}
