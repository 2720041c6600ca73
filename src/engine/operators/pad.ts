import { ints, reduceSum, reshape, scalarLike, sub } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { type Dim, staticShape } from '../graph/shape.ts';
import { type SparseRows, transposedAlongAxis } from './along-axis.ts';
import {
  type GradientContext,
  knownInts,
  misfit,
  normalizeAxis,
  type Operator,
  required,
  stringOf,
} from './operator.ts';

/** Zeros around x (or, for negative amounts, parts of x left out); `pads` is all befores, then all afters. */
export const padConstant = (x: Value, pads: readonly number[]): Value =>
  x.graph.op('Pad', [x, ints(x.graph, pads), scalarLike(x, 0)]);

/** Amounts before and after each axis; undefined where not known. */
function amounts(node: Node, rank: number): { before: readonly Dim[]; after: readonly Dim[] } | undefined {
  const pads = required(node, 1).elements;
  const axes = node.inputs[3] ? knownInts(node.inputs[3]) : Array.from({ length: rank }, (_, i) => i);
  if (!pads || !axes) return undefined;
  if (pads.length !== 2 * axes.length) misfit(node, `${pads.length} pads are given for ${axes.length} axes`);
  const before = new Array<Dim>(rank).fill(0);
  const after = new Array<Dim>(rank).fill(0);
  axes.forEach((axis, i) => {
    before[normalizeAxis(node, axis, rank)] = pads[i];
    after[normalizeAxis(node, axis, rank)] = pads[axes.length + i];
  });
  return { before, after };
}

/** Which element of an axis of `size` elements stands at place `at`, which may lie outside (ONNX, "Pad"). */
const sources: Readonly<Record<string, (at: number, size: number) => number>> = {
  edge: (at, size) => Math.min(Math.max(at, 0), size - 1),
  wrap: (at, size) => ((at % size) + size) % size,
  reflect: (at, size) => {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const place = ((at % period) + period) % period;
    return place < size ? place : period - place;
  },
};

function gradientOfPad({ node, dy, wants }: GradientContext): readonly (Value | undefined)[] {
  const x = required(node, 0);
  const dims = staticShape(x);
  const known = amounts(node, dims.length);
  const before = known?.before.map(Number);
  const after = known?.after.map(Number);
  if (!before || !after || [...before, ...after].some(Number.isNaN)) {
    misfit(node, 'the gradient needs known pads');
  }
  const gradient = dy[0]!;
  const mode = stringOf(node, 'mode', 'constant');
  if (mode === 'constant') {
    const crop = [...before, ...after].map((value) => -value);
    return [
      wants(0) ? (crop.every((value) => value === 0) ? gradient : padConstant(gradient, crop)) : undefined,
      undefined,
      wants(2) ? gradientOfConstant(gradient, crop, required(node, 2)) : undefined,
    ];
  }
  const source = sources[mode] ?? misfit(node, `mode '${mode}' is not one of constant, edge, reflect, wrap`);
  let result = gradient;
  dims.forEach((size, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return;
    const rows: SparseRows = Array.from({ length: before[axis]! + size + after[axis]! }, (_, i) => [
      { column: source(i - before[axis]!, size), weight: 1 },
    ]);
    result = transposedAlongAxis(result, rows, size, axis);
  });
  return [result];
}

/** The constant receives what lies outside of the padded tensor: all less the inside. */
function gradientOfConstant(gradient: Value, crop: readonly number[], constant: Value): Value {
  const axes = staticShape(gradient).map((_, i) => i);
  const inside = padConstant(
    gradient,
    crop.map((value) => Math.min(value, 0)),
  );
  const difference = sub(reduceSum(gradient, axes), reduceSum(inside, axes));
  return reshape(difference, staticShape(constant));
}

export const pad: Operator = {
  shape: (node) => {
    const { dtype, shape } = required(node, 0);
    const known = shape && amounts(node, shape.length);
    const padded = shape?.map((dim, i): Dim => {
      const [before, after] = [known?.before[i], known?.after[i]];
      if (before === 0 && after === 0) return dim;
      return typeof dim === 'number' && typeof before === 'number' && typeof after === 'number'
        ? dim + before + after
        : undefined;
    });
    if (padded?.some((dim) => typeof dim === 'number' && dim < 0)) {
      misfit(node, 'negative pads leave nothing of an axis');
    }
    return [{ dtype, shape: padded }];
  },
  gradient: gradientOfPad,
};
