import { ints } from '../../../engine/graph/build.ts';
import { configFault } from './faults.ts';
import { keep, range } from './held.ts';
import { flagIn, type LayerRule, textIn, wholesIn } from './layer.ts';
import { paddingOf, spatialInput, type Window } from './spatial.ts';

const pooling =
  (op: 'MaxPool' | 'AveragePool', axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const kernel = wholesIn(site, 'pool_size', axes, 2);
    const strides = site.config['strides'] == null ? kernel : wholesIn(site, 'strides', axes, 1);
    const padding = textIn(site, 'padding', ['valid', 'same'], 'valid');
    const window: Window = { kernel, strides, dilations: kernel.map(() => 1), padding };
    const value = site.graph.op(op, [space.x], {
      kernel_shape: kernel,
      strides,
      ...paddingOf(site, space.sizes, window),
    });
    return space.held(value);
  };

const globalPooling =
  (op: 'GlobalMaxPool' | 'GlobalAveragePool', axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const value = site.graph.op(op, [space.x]); // [N, C, 1, ...]
    if (flagIn(site, 'keepdims', false)) return space.held(value);
    return keep(site.graph.op('Squeeze', [value, ints(site.graph, range(2, axes + 2))]));
  };

/** [before, after] of each axis, of one number, a number an axis, or a pair an axis. */
function pairsIn(site: Parameters<LayerRule>[0], key: string, axes: number): readonly (readonly number[])[] {
  const value = site.config[key] ?? 1;
  const list: readonly unknown[] = Array.isArray(value) ? value : Array<unknown>(axes).fill(value);
  // One axis: Keras writes the pair itself.
  const items = axes === 1 && list.length === 2 ? [list] : list;
  const pairs = items.map((item) => (Array.isArray(item) ? item : [item, item]) as readonly unknown[]); // checked below
  const isSide = (side: unknown): side is number =>
    typeof side === 'number' && Number.isInteger(side) && side >= 0 && side < 2 ** 31;
  if (pairs.length !== axes || !pairs.every((pair) => pair.length === 2 && pair.every(isSide))) {
    return configFault(site, `${key} is not ${axes} pairs of whole numbers from 0`);
  }
  return pairs as readonly (readonly number[])[]; // each side was checked
}

const zeroPadding =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const pairs = pairsIn(site, 'padding', axes);
    const pads = [0, 0, ...pairs.map(([before]) => before!), 0, 0, ...pairs.map(([, after]) => after!)];
    return space.held(site.graph.op('Pad', [space.x, ints(site.graph, pads)]));
  };

const INT64_END = 2 ** 62;

const cropping =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const pairs = pairsIn(site, 'cropping', axes);
    space.sizes.forEach((size, i) => {
      const [before, after] = pairs[i]!;
      if (typeof size === 'number' && before! + after! >= size)
        configFault(site, `cropping leaves nothing of ${size}`);
    });
    const starts = pairs.map(([before]) => before!);
    const ends = pairs.map(([, after]) => (after! > 0 ? -after! : INT64_END));
    const along = range(2, axes + 2);
    const slices = [starts, ends, along].map((list) => ints(site.graph, list));
    return space.held(site.graph.op('Slice', [space.x, ...slices]));
  };

/** Nearest repeats; bilinear has the centres of pixels on half numbers, and the edge goes on outside. */
const upSampling =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const factors = wholesIn(site, 'size', axes, 2);
    const how = textIn(site, 'interpolation', ['nearest', 'bilinear'], 'nearest');
    if (how === 'bilinear' && axes !== 2)
      return configFault(site, 'bilinear interpolation is for two axes only');
    const scales = site.graph.constant({
      dtype: 'float32',
      dims: [axes + 2],
      data: Float32Array.of(1, 1, ...factors),
    });
    const settings =
      how === 'nearest'
        ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
        : { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
    return space.held(site.graph.op('Resize', [space.x, undefined, scales], settings));
  };

function named(name: string, make: (axes: number) => LayerRule): Record<string, LayerRule> {
  return Object.fromEntries([1, 2, 3].map((axes) => [`${name}${axes}D`, make(axes)]));
}

export const spaceLayers: Readonly<Record<string, LayerRule>> = {
  ...named('MaxPooling', (axes) => pooling('MaxPool', axes)),
  ...named('AveragePooling', (axes) => pooling('AveragePool', axes)),
  ...named('GlobalMaxPooling', (axes) => globalPooling('GlobalMaxPool', axes)),
  ...named('GlobalAveragePooling', (axes) => globalPooling('GlobalAveragePool', axes)),
  ...named('ZeroPadding', zeroPadding),
  ...named('Cropping', cropping),
  ...named('UpSampling', upSampling),
};
