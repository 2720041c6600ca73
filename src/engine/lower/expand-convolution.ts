import { ints, reduceSum, reshape, scalarLike, transpose } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { intOf, required } from '../operators/operator.ts';
import { RUNTIME_DOMAIN } from '../operators/schema.ts';
import { extentOf, type Window, windowAttributes, windowOf } from '../operators/window.ts';
import { elementCount } from '../tensor/tensor.ts';

/** A convolution's window is in its composite's attributes, with explicit pads. */
function statedWindow(node: Node, sizes: readonly number[]): Window {
  const kernel = node.attributes.get('kernel_shape');
  // The gradient rule writes kernel_shape always; kinds were checked when the node was added.
  return windowOf(node, sizes, kernel?.value as readonly number[]);
}

/** dx of a convolution, from dy [N, O, *] and w [O, C/group, k…]. */
export function expandInputGradient(node: Node, dy: Value, w: Value): Value {
  const input = node.outputs[0]!;
  const sizes = staticShape(input).slice(2);
  const window = statedWindow(node, sizes);
  const group = intOf(node, 'group', 1);
  const counts = staticShape(required(node, 0)).slice(2);
  if (window.strides.every((stride) => stride === 1)) return byConvolution(node, dy, w, window);
  const remainder = sizes.map(
    (size, i) =>
      size +
      window.begin[i]! +
      window.end[i]! -
      extentOf(window.kernel[i]!, window.dilations[i]!) -
      window.strides[i]! * (counts[i]! - 1),
  );
  return dy.graph.op('ConvTranspose', [dy, w], {
    ...windowAttributes(window),
    group,
    output_padding: remainder,
  });
}

/**
 * Stride 1: a convolution of dy with the kernel turned round and its channel axes swapped, at forward speed. Where the
 * weight is larger than dy and dx, these are turned round instead, which comes to the same.
 */
function byConvolution(node: Node, dy: Value, w: Value, window: Window): Value {
  const [batch, filters, ...counts] = staticShape(required(node, 0)) as [number, number, ...number[]]; // [N, O, *]
  const output = staticShape(node.outputs[0]!); // [N, C, *]
  const perGroup = staticShape(required(node, 1))[1]!;
  const group = intOf(node, 'group', 1);
  const taps = elementCount(window.kernel);
  const reach = window.kernel.map((size, i) => extentOf(size, window.dilations[i]!) - 1);
  const begin = reach.map((size, i) => size - window.begin[i]!);
  const end = reach.map((size, i) => size - window.end[i]!);
  // Padding larger than the kernel's reach made outputs that saw no input: they are cut off.
  const first = begin.map((pad) => Math.max(0, -pad));
  const past = counts.map((count, i) => count + Math.min(0, end[i]!));
  const seen = past.map((position, i) => position - first[i]!);
  const cropped = slice(dy, first, past, counts);
  const swapped = transpose(reshape(w, [group, filters / group, perGroup, taps]), [0, 2, 1, 3]);
  const kernelDims = [group * perGroup, filters / group, ...window.kernel];
  const paddings = [begin, end].map((pads) => pads.map((pad) => Math.max(0, pad))) as [number[], number[]]; // of two, two
  const turnWeight =
    taps === 1 || elementCount(kernelDims) < elementCount([batch, filters, ...seen]) + elementCount(output);
  const convolve = (
    input: Value,
    weight: Value,
    before: readonly number[],
    after: readonly number[],
  ): Value =>
    dy.graph.op('Conv', [input, reshape(weight, kernelDims)], {
      ...windowAttributes({ ...window, begin: before, end: after }),
      group,
    });
  if (turnWeight) return convolve(cropped, taps === 1 ? swapped : reversed(swapped, 3, taps), ...paddings);
  const turned = reversed(reshape(cropped, [batch, filters, -1]), 2, elementCount(seen));
  const dx = convolve(reshape(turned, [batch, filters, ...seen]), swapped, paddings[1], paddings[0]);
  const [, channels, ...sizes] = output as [number, number, ...number[]]; // [N, C, *]
  return reshape(reversed(reshape(dx, [batch, channels, -1]), 2, elementCount(sizes)), output);
}

/** The value with the last axis, of that number and size, in reverse order. */
function reversed(value: Value, axis: number, size: number): Value {
  const { graph } = value;
  return graph.op('Slice', [
    value,
    ...[[-1], [-size - 1], [axis], [-1]].map((values) => ints(graph, values)),
  ]);
}

/** Keeps [starts, ends) of the axes from 2 on, every step-th element; the value itself where that is all of it. */
function slice(
  value: Value,
  starts: readonly number[],
  ends: readonly number[],
  sizes: readonly number[],
  steps: readonly number[] = sizes.map(() => 1),
): Value {
  const whole = sizes.every((size, i) => starts[i] === 0 && ends[i] === size && steps[i] === 1);
  if (whole) return value;
  const axes = sizes.map((_, i) => i + 2);
  const bounds = steps.every((step) => step === 1) ? [starts, ends, axes] : [starts, ends, axes, steps];
  return value.graph.op('Slice', [value, ...bounds.map((values) => ints(value.graph, values))]);
}

/** What the weight's gradient is made from. Spatial arrays have one entry per axis. */
export interface WeightGradient {
  readonly graph: Graph;
  readonly portable: boolean;
  readonly window: Window;
  readonly group: number;
  readonly batch: number;
  /** Channels of x and of dy. */
  readonly channels: readonly [number, number];
  /** Spatial sizes of x and of dy. */
  readonly sizes: readonly [readonly number[], readonly number[]];
}

/** How the taps of a kernel are brought to lie over each other; see planFor. */
export interface Plan {
  /** Kernel axes whose taps shift x; those of the other axes shift dy the other way. */
  readonly onInput: readonly boolean[];
  /** Whether the shifted copies become one tensor, with the taps beside the channels. */
  readonly joinInput: boolean;
  readonly joinOutput: boolean;
  /** Whether the batch becomes part of the summed axis instead of being summed afterwards. */
  readonly foldBatch: boolean;
}

/**
 * Chooses how the weight's gradient is computed. dw[o, c, t] is the sum over batch and positions of dy times x shifted
 * by tap t, which is one matrix product per tap. A kernel axis of stride 1 can as well shift dy the other way, so that
 * a 3 x 3 kernel needs 3 copies of x and 3 of dy for its 9 products rather than 9 copies of x: the axes are dealt to
 * the two sides so that the least is copied. From there (processor time by bench/convolution-gradients.ts):
 *
 * - Joined copies make few large products of many small ones: of dy always, of x where it has few channels a group.
 *   Depthwise convolutions have no product to enlarge.
 * - Where the weight is larger than what goes in (many channels at few positions), one product per image would write
 *   and sum more than it reads: the batch is folded into the summed axis, at the price of two transpositions.
 */
export function planFor({ window, group, batch, channels, sizes }: WeightGradient): Plan {
  const volumes = [channels[0] * elementCount(sizes[0]), channels[1] * elementCount(sizes[1])] as const;
  const weight = (elementCount(window.kernel) * channels[0] * channels[1]) / group;
  const foldBatch = batch > 1 && weight > volumes[0] + volumes[1];
  const depthwise = channels[0] === group && channels[1] === group;
  const onInput = leastCopied(window, volumes);
  return {
    onInput,
    joinInput: !depthwise && (foldBatch || channels[0] / group < FEW_CHANNELS),
    joinOutput: !depthwise && onInput.includes(false),
    foldBatch,
  };
}

/** Below this the products with single copies of x are too thin for the runtime's matrix product. */
const FEW_CHANNELS = 32;

/** Deals the kernel's axes to x (true) and dy, so that the copies hold the fewest elements. */
function leastCopied({ kernel, strides }: Window, volumes: readonly [number, number]): readonly boolean[] {
  let best = kernel.map(() => true);
  let least = Number.POSITIVE_INFINITY;
  for (let choice = 0; choice < 2 ** kernel.length; choice++) {
    const onInput = kernel.map((_, axis) => (choice >> axis) % 2 === 0);
    if (onInput.some((input, axis) => !input && (strides[axis] !== 1 || kernel[axis] === 1))) continue;
    const [inputs, outputs] = tapCounts(kernel, onInput);
    const copied = inputs * volumes[0] + outputs * volumes[1];
    // Of equals the last: shifting dy along rows and x across them was the quicker.
    if (copied <= least) {
      least = copied;
      best = onInput;
    }
  }
  return best;
}

/** Number of taps that shift x, and of those that shift dy. */
function tapCounts(kernel: readonly number[], onInput: readonly boolean[]): readonly [number, number] {
  const count = (side: boolean) =>
    kernel.reduce((product, size, axis) => (onInput[axis] === side ? product * size : product), 1);
  return [count(true), count(false)];
}

/** dw [O, C/group, k…] of a convolution, from x [N, C, *] and dy [N, O, *]. */
export function expandWeightGradient(
  node: Node,
  x: Value,
  dy: Value,
  portable: boolean,
  choose: (problem: WeightGradient) => Plan = planFor,
): Value {
  const [batch, channels, ...sizes] = staticShape(required(node, 0)) as [number, number, ...number[]]; // [N, C, *]
  const [, filters, ...counts] = staticShape(required(node, 1)) as [number, number, ...number[]]; // [N, O, *]
  const problem: WeightGradient = {
    graph: x.graph,
    portable,
    window: statedWindow(node, sizes),
    group: intOf(node, 'group', 1),
    batch,
    channels: [channels, filters],
    sizes: [sizes, counts],
  };
  const plan = choose(problem);
  const swap = [1, 0, ...sizes.map((_, i) => i + 2)];
  const sides = plan.foldBatch ? [transpose(x, swap), transpose(dy, swap)] : [x, dy];
  const xs = operand(problem, plan, 0, shiftedInputs(problem, plan, sides[0]!));
  const dys = operand(problem, plan, 1, shiftedOutputs(problem, plan, sides[1]!));
  const products = dys.flatMap((right) => xs.map((left) => product(problem, plan, right, left)));
  return assembled(problem, plan, products);
}

/** Every combination of taps of the kernel's axes that are on one side, the last axis fastest. */
function tapsOf(kernel: readonly number[], onSide: (axis: number) => boolean): number[][] {
  let taps: number[][] = [[]];
  kernel.forEach((size, axis) => {
    const range = onSide(axis) ? Array.from({ length: size }, (_, tap) => tap) : [0];
    taps = taps.flatMap((before) => range.map((tap) => [...before, tap]));
  });
  return taps;
}

/** x [_, _, *] shifted so that element p of the axes on its side is x[p * stride + tap * dilation - begin]. */
function shiftedInputs(problem: WeightGradient, plan: Plan, x: Value): Value[] {
  const { window, sizes } = problem;
  const { onInput } = plan;
  const { kernel, strides, dilations } = window;
  const [from, counts] = sizes;
  if (strides.some((stride) => stride !== 1)) return stridedInputs(problem, plan, x);
  return tapsOf(kernel, (axis) => onInput[axis]!).map((taps) => {
    const head = taps.map((tap, i) => (onInput[i] ? window.begin[i]! - tap * dilations[i]! : 0));
    return pad(
      x,
      head,
      head.map((count, i) => (onInput[i] ? counts[i]! - from[i]! - count : 0)),
    );
  });
}

/**
 * The same with strides. Every stride-th element is first taken once per phase, so that the taps of a phase take whole
 * runs of elements.
 */
function stridedInputs({ window, sizes }: WeightGradient, { onInput }: Plan, x: Value): Value[] {
  const { kernel, strides, dilations } = window;
  const [from, counts] = sizes;
  const before = kernel.map((_, i) => (onInput[i] ? window.begin[i]! : 0));
  const runs = kernel.map((size, i) => {
    const last = (counts[i]! - 1) * strides[i]! + (size - 1) * dilations[i]!;
    return Math.ceil(Math.max(from[i]! + before[i]!, onInput[i] ? last + 1 : 0) / strides[i]!);
  });
  const room = runs.map((run, i) => run * strides[i]!);
  const padded = pad(
    x,
    before,
    room.map((size, i) => size - from[i]! - before[i]!),
  );
  const phases = new Map<string, Value>();
  return tapsOf(kernel, (axis) => onInput[axis]!).map((taps) => {
    const start = taps.map((tap, i) => tap * dilations[i]!);
    const phase = start.map((first, i) => first % strides[i]!);
    const known = phases.get(`${phase}`) ?? slice(padded, phase, room, room, strides);
    phases.set(`${phase}`, known);
    const run = start.map((first, i) => Math.floor(first / strides[i]!));
    const past = run.map((first, i) => (onInput[i] ? first + counts[i]! : runs[i]!));
    return slice(known, run, past, runs);
  });
}

/** dy [_, _, *] shifted so that element i of the axes on its side is dy[i - tap * dilation + begin]. */
function shiftedOutputs({ window, sizes }: WeightGradient, { onInput }: Plan, dy: Value): Value[] {
  const [from, counts] = sizes;
  return tapsOf(window.kernel, (axis) => !onInput[axis]).map((taps) => {
    const head = taps.map((tap, i) => (onInput[i] ? 0 : tap * window.dilations[i]! - window.begin[i]!));
    return pad(
      dy,
      head,
      head.map((count, i) => (onInput[i] ? 0 : from[i]! - counts[i]! - count)),
    );
  });
}

/** Zeros before and after the axes from 2 on; negative numbers cut off. */
function pad(value: Value, before: readonly number[], after: readonly number[]): Value {
  if ([...before, ...after].every((count) => count === 0)) return value;
  const { graph } = value;
  return graph.op('Pad', [value, ints(graph, [0, 0, ...before, 0, 0, ...after]), scalarLike(value, 0)]);
}

/** The shifted copies as matrices [(N,) group, channels / group (* taps), positions (* N)], joined where the plan says so. */
function operand(problem: WeightGradient, plan: Plan, side: 0 | 1, copies: readonly Value[]): Value[] {
  const { graph, group, batch, channels } = problem;
  const perGroup = channels[side] / group;
  const positions = summedPositions(problem, plan);
  const lead = plan.foldBatch ? [group] : [batch, group];
  const length = plan.foldBatch ? batch * positions : positions;
  const join = side === 0 ? plan.joinInput : plan.joinOutput;
  if (!join || copies.length === 1) return copies.map((copy) => reshape(copy, [...lead, perGroup, length]));
  const apart = copies.map((copy) => reshape(copy, [...lead, perGroup, 1, length]));
  const joined = graph.op('Concat', apart, { axis: lead.length + 1 });
  return [reshape(joined, [...lead, perGroup * copies.length, length])];
}

/** Positions over which each product sums: the input's along axes where dy was shifted, else the output's. */
const summedPositions = ({ sizes }: WeightGradient, { onInput }: Plan): number =>
  elementCount(onInput.map((input, axis) => (input ? sizes[1][axis]! : sizes[0][axis]!)));

/** dy xᵀ, summed over the batch: [group, O' , C']. */
function product({ graph, portable, batch }: WeightGradient, plan: Plan, dy: Value, x: Value): Value {
  const rank = plan.foldBatch ? 3 : 4;
  const swap = rank === 3 ? [0, 2, 1] : [0, 1, 3, 2];
  const result = portable
    ? graph.op('MatMul', [dy, transpose(x, swap)])
    : graph.op('FusedMatMul', [dy, x], { transB: 1 }, { domain: RUNTIME_DOMAIN });
  if (plan.foldBatch) return result;
  return batch === 1 ? result : reduceSum(result, [0]);
}

/** The products put into the weight's order [O, C/group, k…]. */
function assembled(problem: WeightGradient, plan: Plan, products: readonly Value[]): Value {
  const { graph, group, channels, window } = problem;
  const { kernel } = window;
  const axesOf = (side: boolean) => kernel.flatMap((_, axis) => (plan.onInput[axis] === side ? [axis] : []));
  // Labels of the axes as they lie: kernel axes by number, then group, O/group and C/group.
  const [groupAxis, outputAxis, inputAxis] = [kernel.length, kernel.length + 1, kernel.length + 2] as const;
  const labels = [
    ...(plan.joinOutput ? [] : axesOf(false)),
    ...(plan.joinInput ? [] : axesOf(true)),
    groupAxis,
    outputAxis,
    ...(plan.joinOutput ? axesOf(false) : []),
    inputAxis,
    ...(plan.joinInput ? axesOf(true) : []),
  ];
  const size = [...kernel, group, channels[1] / group, channels[0] / group];
  const flat = products.map((value) => reshape(value, [1, -1]));
  const all = flat.length === 1 ? flat[0]! : graph.op('Concat', flat, { axis: 0 });
  const lying = reshape(
    all,
    labels.map((label) => size[label]!),
  );
  const wanted = [groupAxis, outputAxis, inputAxis, ...kernel.map((_, axis) => axis)];
  const perm = wanted.map((label) => labels.indexOf(label));
  const ordered = perm.every((axis, i) => axis === i) ? lying : transpose(lying, perm);
  return reshape(ordered, [channels[1], channels[0] / group, ...kernel]);
}
