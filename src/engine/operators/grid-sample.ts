import { HounsfieldError } from '../../errors.ts';
import { add, cast, expand, mul, reduceSum, reshape, scalarLike, sub } from '../graph/build.ts';
import type { Node, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shape.ts';
import { tensorOf } from '../tensor/tensor.ts';
import { product, zeros } from './along-axis.ts';
import { type GradientContext, intOf, required, stringOf } from './operator.ts';

interface Sampling {
  readonly mode: 'linear' | 'nearest';
  readonly border: boolean;
  readonly alignCorners: boolean;
}

/** Coordinates along one spatial axis, each [N, Q], in elements of the input. */
interface AxisPlaces {
  readonly size: number;
  readonly position: Value;
  /** d position / d grid, [N, Q] or a scalar. */
  readonly slope: Value;
}

/** One of the neighbours between which a sample lies. */
interface Corner {
  /** Place in the flattened input, [N, Q], int64. */
  readonly place: Value;
  /** Its weight along each axis, [N, Q]; zero outside where the padding is zeros. */
  readonly weights: readonly Value[];
  /** The weight's derivative by the position along each axis, [N, Q]: 1 or -1, zero outside. */
  readonly derivatives: readonly Value[];
}

function samplingOf(node: Node): Sampling {
  const mode = stringOf(node, 'mode', 'linear');
  const padding = stringOf(node, 'padding_mode', 'zeros');
  if ((mode !== 'linear' && mode !== 'nearest') || padding === 'reflection') {
    throw new HounsfieldError(
      'OPERATOR_NOT_DIFFERENTIABLE',
      `GridSample '${node.name}' has mode '${mode}' and padding_mode '${padding}', and a gradient exists for linear and nearest with zeros and border. ` +
        'Use one of these where a gradient is needed.',
    );
  }
  return { mode, border: padding === 'border', alignCorners: intOf(node, 'align_corners', 0) === 1 };
}

/** The grid's component for one axis as positions: -1 and 1 are the ends (or the centres of the end elements). */
function placesAlong(grid: Value, component: number, size: number, sampling: Sampling): AxisPlaces {
  const { graph } = grid;
  const picked = graph.op('Gather', [grid, graph.constant(tensorOf('int64', [], [component]))], { axis: 2 }); // [N, Q]
  const slope = sampling.alignCorners ? (size - 1) / 2 : size / 2;
  const raw = add(mul(picked, scalarLike(grid, slope)), scalarLike(grid, (size - 1) / 2));
  if (!sampling.border) return { size, position: raw, slope: scalarLike(grid, slope) };
  const position = graph.op('Clip', [raw, scalarLike(grid, 0), scalarLike(grid, size - 1)]);
  const free = graph.op('And', [
    graph.op('Greater', [raw, scalarLike(grid, 0)]),
    graph.op('Less', [raw, scalarLike(grid, size - 1)]),
  ]);
  return { size, position, slope: mul(cast(free, grid.dtype), scalarLike(grid, slope)) };
}

/** One neighbour along an axis: its index, clipped, and its weight and the weight's derivative, zero outside. */
function neighbour(at: Value, weight: Value, sign: number, size: number) {
  const { graph } = at;
  const last = scalarLike(at, size - 1);
  const index = graph.op('Clip', [at, scalarLike(at, 0), last]);
  const inside = cast(graph.op('Equal', [index, at]), at.dtype);
  return { index, weight: mul(weight, inside), derivative: mul(inside, scalarLike(at, sign)) };
}

/** The neighbours of every sample: 2^d for linear, 1 for nearest. */
function cornersOf(places: readonly AxisPlaces[], { mode }: Sampling): readonly Corner[] {
  const options = places.map(({ position, size }) => {
    const { graph } = position;
    if (mode === 'nearest') {
      const at = graph.op('Round', [position]);
      return [neighbour(at, scalarLike(at, 1), 0, size)];
    }
    const low = graph.op('Floor', [position]);
    const fraction = sub(position, low);
    const high = add(low, scalarLike(low, 1));
    return [neighbour(low, sub(scalarLike(low, 1), fraction), -1, size), neighbour(high, fraction, 1, size)];
  });
  let corners: (typeof options)[number][] = [[]];
  for (const choice of options) {
    corners = corners.flatMap((corner) => choice.map((item) => [...corner, item]));
  }
  return corners.map((corner) => {
    const place = corner
      .map(({ index }, axis) => {
        const stride = product(places.slice(axis + 1).map(({ size }) => size));
        return stride === 1 ? index : mul(index, scalarLike(index, stride));
      })
      .reduce(add);
    return {
      place: cast(place, 'int64'),
      weights: corner.map(({ weight }) => weight),
      derivatives: corner.map(({ derivative }) => derivative),
    };
  });
}

/**
 * Gradient of GridSample to the input and to the grid (Jaderberg et al., "Spatial transformer networks", 2015,
 * equations 6 and 7). The grid's is zero for nearest, and where the padding 'border' has clipped a coordinate.
 */
export function gridSampleGradient({ graph, node, dy, wants }: GradientContext) {
  const [x, grid] = [required(node, 0), required(node, 1)];
  const sampling = samplingOf(node);
  const [batch, channels, ...sizes] = staticShape(x) as [number, number, ...number[]]; // rank is checked by the shape rule
  const d = sizes.length;
  const [points, samples] = [product(sizes), product(staticShape(grid).slice(1, -1))];
  const flatGrid = reshape(grid, [batch, samples, d]);
  // The grid's first coordinate belongs to the last axis. Places must be exact, also for float16 grids.
  const wide = flatGrid.dtype === 'float64' ? flatGrid : cast(flatGrid, 'float32');
  const places = sizes.map((size, axis) => placesAlong(wide, d - 1 - axis, size, sampling));
  const corners = cornersOf(places, sampling);
  const gradient = cast(reshape(dy[0]!, [batch, channels, samples]), wide.dtype); // [N, C, Q]
  const overChannels = (value: Value) =>
    expand(reshape(value, [batch, 1, samples]), [batch, channels, samples]);

  const toInput = () => {
    const updates = corners.map(({ weights }) =>
      mul(gradient, reshape(weights.reduce(mul), [batch, 1, samples])),
    );
    const indices = corners.map(({ place }) => overChannels(place));
    const sum = graph.op(
      'ScatterElements',
      [
        zeros(graph, wide.dtype, [batch, channels, points]),
        graph.op('Concat', indices, { axis: 2 }),
        graph.op('Concat', updates, { axis: 2 }),
      ],
      { axis: 2, reduction: 'add' },
    );
    return cast(reshape(sum, staticShape(x)), x.dtype);
  };

  const toGrid = () => {
    if (sampling.mode === 'nearest') return zeros(graph, grid.dtype, staticShape(grid));
    const flat = cast(reshape(x, [batch, channels, points]), wide.dtype);
    const products = corners.map(({ place }) => {
      const values = graph.op('GatherElements', [flat, overChannels(place)], { axis: 2 });
      return reduceSum(mul(values, gradient), [1]); // [N, Q]
    });
    const components = places.map(({ slope }, axis) => {
      const parts = corners.map(({ weights, derivatives }, c) =>
        [...weights.filter((_, i) => i !== axis), derivatives[axis]!].reduce(mul, products[c]!),
      );
      return reshape(mul(parts.reduce(add), slope), [batch, samples, 1]);
    });
    const joined = d === 1 ? components[0]! : graph.op('Concat', components.reverse(), { axis: 2 });
    return cast(reshape(joined, staticShape(grid)), grid.dtype);
  };
  return [wants(0) ? toInput() : undefined, wants(1) ? toGrid() : undefined];
}
