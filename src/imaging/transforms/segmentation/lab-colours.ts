/** D65 white of the 2 degree observer. */
const WHITE = [0.95047, 1, 1.08883] as const;

/** sRGB of 0..1 (IEC 61966-2-1) to CIE L*a*b* (ISO/CIE 11664-4), in place. @param values [n, 3] */
export function rgbToLab(values: Float64Array): void {
  for (let i = 0; i < values.length; i += 3) {
    const [r, g, b] = [linear(values[i]!), linear(values[i + 1]!), linear(values[i + 2]!)];
    const x = cubeRoot((0.412453 * r + 0.35758 * g + 0.180423 * b) / WHITE[0]);
    const y = cubeRoot((0.212671 * r + 0.71516 * g + 0.072169 * b) / WHITE[1]);
    const z = cubeRoot((0.019334 * r + 0.119193 * g + 0.950227 * b) / WHITE[2]);
    values[i] = 116 * y - 16;
    values[i + 1] = 500 * (x - y);
    values[i + 2] = 200 * (y - z);
  }
}

const linear = (value: number): number =>
  value > 0.04045 ? ((value + 0.055) / 1.055) ** 2.4 : value / 12.92;

const cubeRoot = (value: number): number => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116);
