import type { Node, Value } from '../graph/graph.ts';
import { type Dim, staticShape } from '../graph/shape.ts';
import { intsOf, misfit, stringOf } from './operator.ts';

/** A window that slides over the spatial axes, one entry per axis; padding is counted in elements. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/** Sizes of the axes from 2 on, where all are known. */
export function knownSizes(value: Value): readonly number[] | undefined {
  const sizes = value.shape?.slice(2);
  return sizes?.every((size): size is number => typeof size === 'number') ? sizes : undefined;
}

/** Sizes of the axes from 2 on; batch and channels need not be known. @throws SHAPE_NOT_STATIC */
export const spatialSizes = (value: Value): readonly number[] =>
  knownSizes(value) ?? staticShape(value).slice(2);

/** Elements that a dilated kernel covers. */
export const extentOf = (kernel: number, dilation: number): number => dilation * (kernel - 1) + 1;

/** The attributes that a composite or standard operator needs to say the same window again, with explicit pads. */
export function windowAttributes(window: Window): Record<string, readonly number[]> {
  return {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    pads: [...window.begin, ...window.end],
  };
}

/** Reads one entry per spatial axis. @throws GRAPH_SHAPE when their number differs or one is too small */
export function axisInts(
  node: Node,
  name: string,
  count: number,
  fallback: number,
  least: number,
): readonly number[] {
  const values = intsOf(node, name);
  if (!values || values.length === 0) return Array.from({ length: count }, () => fallback);
  if (values.length !== count)
    misfit(node, `${name} has ${values.length} entries, ${count} are expected for the spatial axes`);
  if (values.some((value) => value < least))
    misfit(node, `${name} is [${values.join(', ')}], each must be at least ${least}`);
  return values;
}

/** 'SAME' padding of one axis: as much as makes ceil(size / stride) windows (ONNX, Conv, auto_pad). */
function samePadding(size: number, kernel: number, stride: number, dilation: number, upper: boolean) {
  const windows = Math.ceil(size / stride);
  const total = Math.max(0, (windows - 1) * stride + extentOf(kernel, dilation) - size);
  const smaller = Math.floor(total / 2);
  return upper ? { begin: smaller, end: total - smaller } : { begin: total - smaller, end: smaller };
}

/** The node's window over an input with these spatial sizes; auto_pad becomes explicit padding. @throws GRAPH_SHAPE */
export function windowOf(node: Node, sizes: readonly number[], kernel: readonly number[]): Window {
  const strides = axisInts(node, 'strides', sizes.length, 1, 1);
  const dilations = axisInts(node, 'dilations', sizes.length, 1, 1);
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  const base = { kernel, strides, dilations };
  if (automatic === 'NOTSET') {
    const pads = axisInts(node, 'pads', 2 * sizes.length, 0, 0);
    return { ...base, begin: pads.slice(0, sizes.length), end: pads.slice(sizes.length) };
  }
  const none = sizes.map(() => 0);
  if (automatic === 'VALID') return { ...base, begin: none, end: none };
  if (automatic !== 'SAME_UPPER' && automatic !== 'SAME_LOWER')
    misfit(node, `auto_pad is '${automatic}', one of NOTSET, VALID, SAME_UPPER, SAME_LOWER is expected`);
  const padding = sizes.map((size, i) =>
    samePadding(size, kernel[i]!, strides[i]!, dilations[i]!, automatic === 'SAME_UPPER'),
  );
  return { ...base, begin: padding.map(({ begin }) => begin), end: padding.map(({ end }) => end) };
}

/** How many windows fit along each axis; with `ceil`, also one that reaches past the end if it starts inside. */
export function windowCounts(
  node: Node,
  window: Window,
  sizes: readonly number[],
  ceil = false,
): readonly number[] {
  return sizes.map((size, i) => {
    const begin = window.begin[i]!;
    const stride = window.strides[i]!;
    const room = size + begin + window.end[i]! - extentOf(window.kernel[i]!, window.dilations[i]!);
    const steps = ceil ? Math.ceil(room / stride) : Math.floor(room / stride);
    const count = ceil && steps * stride >= size + begin ? steps : steps + 1;
    if (count < 1) {
      misfit(
        node,
        `along spatial axis ${i} the window covers ${extentOf(window.kernel[i]!, window.dilations[i]!)} elements and the padded input has ${size + begin + window.end[i]!}`,
      );
    }
    return count;
  });
}

/** Spatial sizes of the output where the input's may be unknown or symbolic. */
export function outputSizes(
  node: Node,
  sizes: readonly Dim[],
  kernel: readonly number[],
  ceil = false,
): readonly Dim[] {
  return sizes.map((size, i) => {
    // A size of 1 stands in for the axes that are not asked for here; SAME padding makes any kernel fit them.
    if (typeof size !== 'number') return keepsSize(node, i, sizes.length, kernel[i]!) ? size : undefined;
    const others = sizes.map((other, j) => (j === i ? size : typeof other === 'number' ? other : undefined));
    const one = axisWindow(
      windowOf(
        node,
        others.map((other) => other ?? 1),
        kernel,
      ),
      i,
    );
    return windowCounts(node, one, [size], ceil)[0];
  });
}

const axisWindow = (window: Window, axis: number): Window => ({
  kernel: [window.kernel[axis]!],
  strides: [window.strides[axis]!],
  dilations: [window.dilations[axis]!],
  begin: [window.begin[axis]!],
  end: [window.end[axis]!],
});

/** Whether the output is as large as the input along an axis, whatever that size is. */
function keepsSize(node: Node, axis: number, count: number, kernel: number): boolean {
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  const stride = axisInts(node, 'strides', count, 1, 1)[axis]!;
  if (stride !== 1) return false;
  if (automatic.startsWith('SAME')) return true;
  const extent = extentOf(kernel, axisInts(node, 'dilations', count, 1, 1)[axis]!);
  if (automatic === 'VALID') return extent === 1;
  const pads = axisInts(node, 'pads', 2 * count, 0, 0);
  return pads[axis]! + pads[axis + count]! === extent - 1;
}
