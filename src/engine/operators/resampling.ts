import { HounsfieldError } from '../../errors.ts';
import { matMul, reduceSum, reshape, transpose } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, type Shape, staticShape } from '../graph/shape.ts';
import { type NumericDType, tensorOf } from '../tensor/tensor.ts';
import { product, type SparseRows, transposedAlongAxis } from './along-axis.ts';
import { gridSampleGradient } from './grid-sample.ts';
import {
  floatOf,
  type GradientContext,
  intOf,
  intsOf,
  knownInts,
  misfit,
  normalizeAxis,
  notDifferentiable,
  type Operator,
  type OperatorTable,
  required,
  stringOf,
} from './operator.ts';
import { type AxisResize, resizeRows } from './resize-axis.ts';

/** Size and scale of every axis of a Resize; a scale that does not change an axis is 1. */
interface Resized {
  readonly sizes: readonly Dim[];
  readonly scales: readonly (number | undefined)[];
}

const isPresent = (value: Value | undefined): value is Value =>
  value !== undefined && !(value.shape?.length === 1 && value.shape[0] === 0);

function resized(node: Node, shape: readonly Dim[]): Resized {
  const rank = shape.length;
  const axes = (intsOf(node, 'axes') ?? shape.map((_, i) => i)).map((axis) =>
    normalizeAxis(node, axis, rank),
  );
  const [scalesInput, sizesInput] = [node.inputs[2], node.inputs[3]];
  if (isPresent(scalesInput) === isPresent(sizesInput))
    misfit(node, 'exactly one of scales and sizes is needed');
  const sizes: Dim[] = [...shape];
  const scales = new Array<number | undefined>(rank).fill(1);
  if (isPresent(scalesInput)) {
    const given = knownInts(scalesInput);
    axes.forEach((axis, i) => {
      const [scale, dim] = [given?.[i], shape[axis]];
      scales[axis] = scale;
      if (scale === 1) return;
      // The runtime multiplies in float32.
      sizes[axis] =
        typeof dim === 'number' && scale !== undefined ? Math.floor(Math.fround(dim * scale)) : undefined;
    });
    return { sizes, scales };
  }
  const wanted = required(node, 3).elements;
  const ratio = commonScale(node, axes, shape, wanted);
  axes.forEach((axis, i) => {
    const [dim, size] = [shape[axis], wanted?.[i]];
    const even = typeof dim === 'number' && typeof ratio === 'number' ? Math.round(ratio * dim) : undefined;
    sizes[axis] = ratio === 'each' ? size : even;
    const to = sizes[axis];
    scales[axis] =
      typeof dim === 'number' && typeof to === 'number' ? (ratio === 'each' ? to / dim : ratio) : undefined;
    if (to === dim && ratio === 'each') scales[axis] = 1;
  });
  return { sizes, scales };
}

/** One scale for all axes under keep_aspect_ratio_policy; 'each' when every axis has its own. */
function commonScale(
  node: Node,
  axes: readonly number[],
  shape: readonly Dim[],
  wanted: readonly Dim[] | undefined,
): number | 'each' | undefined {
  const policy = stringOf(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy === 'stretch') return 'each';
  const ratios = axes.map((axis, i) => Number(wanted?.[i]) / Number(shape[axis]));
  if (ratios.some(Number.isNaN)) return undefined;
  return policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
}

function gradientOfResize({ node, dy }: GradientContext): readonly (Value | undefined)[] {
  const x = required(node, 0);
  const from = staticShape(x);
  const to = staticShape(node.outputs[0]!);
  if (intOf(node, 'antialias', 0) === 1) {
    throw new HounsfieldError(
      'OPERATOR_NOT_DIFFERENTIABLE',
      `Resize '${node.name}' has antialias=1, which has no gradient here. Smooth with a Conv before a Resize without it, or freeze what lies before.`,
    );
  }
  const { scales } = resized(node, from);
  const transformation = stringOf(node, 'coordinate_transformation_mode', 'half_pixel');
  const mode = stringOf(node, 'mode', 'nearest');
  const roi = transformation === 'tf_crop_and_resize' ? regions(node, from.length) : undefined;
  const rows = from.map((size, axis): SparseRows | undefined => {
    const settings: AxisResize = {
      from: size,
      to: to[axis]!,
      scale: scales[axis] ?? misfit(node, 'the gradient needs known scales'),
      mode,
      transformation,
      nearestMode: stringOf(node, 'nearest_mode', 'round_prefer_floor'),
      cubicCoefficient: floatOf(node, 'cubic_coeff_a', -0.75),
      excludeOutside: intOf(node, 'exclude_outside', 0) === 1,
      roi: roi?.[axis],
    };
    const matrix = resizeRows(settings);
    return size === to[axis] && isIdentity(matrix) ? undefined : matrix;
  });
  const blocks = rows.map((matrix, axis) => (matrix ? blockOf(matrix, from[axis]!) : 1));
  let gradient = sumOverBlocks(dy[0]!, blocks, to);
  rows.forEach((matrix, axis) => {
    if (matrix && blocks[axis] === undefined) {
      gradient = transposedAlongAxis(gradient, matrix, from[axis]!, axis);
    }
  });
  return [gradient];
}

/** Start and end of each axis as fractions of it. */
function regions(node: Node, rank: number): readonly (readonly [number, number])[] {
  const roi = knownInts(node.inputs[1]) ?? misfit(node, 'the gradient needs a known roi');
  const axes = intsOf(node, 'axes') ?? Array.from({ length: rank }, (_, i) => i);
  return Array.from({ length: rank }, (_, axis) => {
    const i = axes.findIndex((item) => normalizeAxis(node, item, rank) === axis);
    return i < 0 ? [0, 1] : [roi[i]!, roi[axes.length + i]!];
  });
}

const isIdentity = (rows: SparseRows): boolean =>
  rows.every((row, i) => row.every(({ column, weight }) => weight === (column === i ? 1 : 0)));

/** k when every element is simply repeated k times, one after the other. */
function blockOf(rows: SparseRows, columns: number): number | undefined {
  const size = rows.length / columns;
  const repeated = rows.every((row, i) => row.length === 1 && row[0]!.column === Math.floor(i / size));
  return Number.isInteger(size) && repeated ? size : undefined;
}

/** Sums blocks of neighbours: the gradient of repetition, much cheaper than a matrix. */
function sumOverBlocks(dy: Value, blocks: readonly (number | undefined)[], dims: readonly number[]): Value {
  if (blocks.every((block) => block === undefined || block === 1)) return dy;
  const apart: number[] = [];
  const axes: number[] = [];
  dims.forEach((dim, i) => {
    const block = blocks[i] ?? 1;
    apart.push(dim / block);
    if (block === 1) return;
    axes.push(apart.length);
    apart.push(block);
  });
  return reduceSum(reshape(dy, apart), axes);
}

const resize: Operator = {
  shape: (node) => {
    const { dtype, shape } = required(node, 0);
    return [{ dtype, shape: shape && resized(node, shape).sizes }];
  },
  gradient: gradientOfResize,
};

function sampledShape(node: Node): Shape {
  const [x, grid] = [required(node, 0).shape, required(node, 1).shape];
  if (!x || !grid) return undefined;
  if (x.length !== grid.length)
    misfit(node, `a grid of rank ${grid.length} does not sample rank ${x.length}`);
  const components = grid.at(-1);
  if (typeof components === 'number' && components !== x.length - 2) {
    misfit(node, `the grid has ${components} coordinates for ${x.length - 2} spatial axes`);
  }
  return [x[0] ?? grid[0], x[1], ...grid.slice(1, -1)];
}

/** Places of the grid before theta, [points, d + 1], in the order (x, y[, z], 1). */
function basePoints(sizes: readonly number[], alignCorners: boolean): Float64Array {
  const d = sizes.length;
  const points = new Float64Array(product(sizes) * (d + 1));
  for (let p = 0; p < points.length / (d + 1); p++) {
    let rest = p;
    for (let axis = d - 1; axis >= 0; axis--) {
      const size = sizes[axis]!;
      const at = rest % size;
      rest = Math.floor(rest / size);
      const aligned = size === 1 ? 0 : -1 + (2 * at) / (size - 1);
      points[p * (d + 1) + (d - 1 - axis)] = alignCorners ? aligned : -1 + (2 * at + 1) / size;
    }
    points[p * (d + 1) + d] = 1;
  }
  return points;
}

/** grid = base theta^T, so that d theta = dgrid^T base. */
const affineGrid: Operator = {
  shape: (node) => {
    const { dtype, shape } = required(node, 0);
    const size = required(node, 1).elements;
    const rank = required(node, 1).shape?.[0];
    if (size) return [{ dtype, shape: [size[0], ...size.slice(2), size.length - 2] }];
    if (typeof rank !== 'number') return [{ dtype, shape: undefined }];
    return [{ dtype, shape: [shape?.[0], ...new Array<Dim>(rank - 2).fill(undefined), rank - 2] }];
  },
  gradient: ({ graph, node, dy }) => {
    const theta = required(node, 0);
    const grid = staticShape(node.outputs[0]!);
    const sizes = grid.slice(1, -1);
    const [batch, d, points] = [grid[0]!, sizes.length, product(sizes)];
    const base = graph.constant(
      // theta is floating-point by the operator's definition.
      tensorOf(
        theta.dtype as NumericDType,
        [points, d + 1],
        basePoints(sizes, intOf(node, 'align_corners', 0) === 1),
      ),
    );
    const flat = reshape(dy[0]!, [batch, points, d]);
    return [matMul(transpose(flat, [0, 2, 1]), base)]; // [N, d, d + 1]
  },
};

/** Operators that take values between the elements. */
export const resampling: OperatorTable = {
  Resize: resize,
  GridSample: {
    shape: (node) => [{ dtype: required(node, 0).dtype, shape: sampledShape(node) }],
    gradient: gridSampleGradient,
  },
  AffineGrid: affineGrid,
  CenterCropPad: {
    shape: (node) => {
      const { dtype, shape } = required(node, 0);
      const sizes = required(node, 1).elements;
      const axes = intsOf(node, 'axes') ?? shape?.map((_, i) => i);
      const result: Dim[] | undefined = shape && [...shape];
      axes?.forEach((axis, i) => {
        if (result) result[normalizeAxis(node, axis, result.length)] = sizes?.[i];
      });
      return [{ dtype, shape: result }];
    },
    gradient: notDifferentiable('it is written as Slice and Pad where a gradient is needed'),
  },
};
