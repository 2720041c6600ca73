import type { Vector3 } from '../../geometry/geometry.ts';
import { type Wavelet, waveletNamed } from '../../transforms/wavelets/wavelet.ts';
import type { PyradiomicsSettings } from './parameters.ts';

type Floats = Float32Array | Float64Array;

/**
 * Bands of the stationary wavelet transform by letters along x, y and z (in slices those that are theirs): of each level 'LLH' ..
 * 'HHH', and 'LLL' last. Products are added in PyWavelets' order and rounded as it rounds them, float32 at each step where
 * values are float32: in flat regions rounding decides on which side of a bin's edge a value falls. Odd sides are made
 * even by their first voxels.
 */
export function* waveletBands(
  values: Floats,
  size: Vector3,
  settings: Pick<PyradiomicsSettings, 'wavelet' | 'level' | 'start_level' | 'force2D' | 'force2Ddimension'>,
): Generator<readonly [level: number, band: string, values: Floats]> {
  const wavelet = waveletNamed(settings.wavelet);
  const axes = axesOf(settings);
  const even: Vector3 = [size[0] + (size[0] % 2), size[1] + (size[1] % 2), size[2] + (size[2] % 2)];
  let low = resized(values, size, even);
  for (let level = 1; level <= settings.start_level + settings.level; level++) {
    const step = level - settings.start_level;
    let bands: (readonly [string, Floats])[] = [['', low]];
    for (const axis of axes) {
      bands = bands.flatMap(([name, band]) => {
        const [smooth, rough] = split(band, even, axis, wavelet);
        return [[`${name}L`, smooth] as const, [`${name}H`, rough] as const];
      });
    }
    low = bands[0]![1];
    if (step < 1) continue;
    for (const [name, band] of bands.slice(1)) yield [step, name, resized(band, even, size)];
    if (step === settings.level) yield [step, bands[0]![0], resized(low, even, size)];
  }
}

/** The image's axes x, y, z without that of slices, as they lie in a volume whose slices are along z. */
function axesOf({ force2D, force2Ddimension }: Pick<PyradiomicsSettings, 'force2D' | 'force2Ddimension'>) {
  if (!force2D) return [0, 1, 2] as const;
  return force2Ddimension === 2 ? ([1, 0] as const) : ([0, 1] as const);
}

/** A volume with each side cut, or made longer from its start. */
function resized(values: Floats, from: Vector3, to: Vector3): Floats {
  if (from.every((side, axis) => side === to[axis])) return values;
  const out = like(values, to[0] * to[1] * to[2]);
  for (let z = 0, at = 0; z < to[2]; z++) {
    for (let y = 0; y < to[1]; y++) {
      const row = ((z % from[2]) * from[1] + (y % from[1])) * from[0];
      for (let x = 0; x < to[0]; x++, at++) out[at] = values[row + (x % from[0])]!;
    }
  }
  return out;
}

const like = (values: Floats, length: number): Floats =>
  values instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);

/** The low and the high band along one axis, wrapped around its ends. */
function split(
  values: Floats,
  size: Vector3,
  axis: 0 | 1 | 2,
  { decompose }: Wavelet,
): readonly [low: Floats, high: Floats] {
  const single = values instanceof Float32Array;
  const taps = [decompose.low, decompose.high].map((filter) => (single ? filter.map(Math.fround) : filter));
  const bands = [like(values, values.length), like(values, values.length)] as const;
  const count = size[axis];
  const stride = axis === 0 ? 1 : axis === 1 ? size[0] : size[0] * size[1];
  const length = taps[0]!.length;
  const before = length / 2 - 1; // values of the line's end before its first
  const line = new Float64Array(count + length - 1);
  for (let block = 0; block < values.length; block += count * stride) {
    for (let start = block; start < block + stride; start++) {
      for (let n = 0; n < line.length; n++) {
        const from = (((n - before) % count) + count) % count;
        line[n] = values[start + from * stride]!;
      }
      for (let k = 0; k < 2; k++) {
        const band = bands[k]!;
        if (single) convolveSingle(line, taps[k]!, band, start, stride, count);
        else convolve(line, taps[k]!, band, start, stride, count);
      }
    }
  }
  return bands;
}

function convolve(
  line: Float64Array,
  taps: Float64Array,
  out: Floats,
  start: number,
  stride: number,
  count: number,
): void {
  for (let n = 0, at = start; n < count; n++, at += stride) {
    let sum = 0;
    for (let k = 0, from = n + taps.length - 1; k < taps.length; k++, from--) sum += taps[k]! * line[from]!;
    out[at] = sum;
  }
}

function convolveSingle(
  line: Float64Array,
  taps: Float64Array,
  out: Floats,
  start: number,
  stride: number,
  count: number,
): void {
  const round = Math.fround;
  for (let n = 0, at = start; n < count; n++, at += stride) {
    let sum = 0;
    for (let k = 0, from = n + taps.length - 1; k < taps.length; k++, from--) {
      sum = round(sum + round(taps[k]! * line[from]!));
    }
    out[at] = sum;
  }
}
