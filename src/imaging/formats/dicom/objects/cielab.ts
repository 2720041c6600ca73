/**
 * Recommended Display CIELab Value (PS3.3 C.10.7.1.1): three integers 0..65535 for L* 0..100, a* and b* -128..127. The white
 * point is D65, as writers in the field take it.
 */

type Triple = readonly [number, number, number];

const WHITE: Triple = [0.95047, 1, 1.08883];
const TO_RGB: readonly Triple[] = [
  [3.2406, -1.5372, -0.4986],
  [-0.9689, 1.8758, 0.0415],
  [0.0557, -0.204, 1.057],
];
const TO_XYZ: readonly Triple[] = [
  [0.4124, 0.3576, 0.1805],
  [0.2126, 0.7152, 0.0722],
  [0.0193, 0.1192, 0.9505],
];

const product = (m: readonly Triple[], v: Triple): Triple => {
  const [a, b, c] = m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
  return [a!, b!, c!];
};

/** sRGB, 0..255, whole numbers. */
export function colourFromCielab(value: readonly number[]): readonly [number, number, number] | undefined {
  if (value.length !== 3 || !value.every((one) => Number.isFinite(one))) return undefined;
  const lightness = (value[0]! * 100) / 65535;
  const [a, b] = [(value[1]! * 255) / 65535 - 128, (value[2]! * 255) / 65535 - 128];
  const y = (lightness + 16) / 116;
  const linear = (c: number) => (c ** 3 > 0.008856 ? c ** 3 : (c - 16 / 116) / 7.787);
  const xyz = [y + a / 500, y, y - b / 200].map((c, i) => linear(c) * WHITE[i]!) as unknown as Triple; // three in, three out
  const [r, g, blue] = product(TO_RGB, xyz).map((c) => {
    const gamma = c > 0.0031308 ? 1.055 * c ** (1 / 2.4) - 0.055 : 12.92 * c;
    return Math.min(255, Math.max(0, Math.round(gamma * 255)));
  });
  return [r!, g!, blue!];
}

/** From sRGB, 0..255. */
export function colourToCielab(rgb: readonly [number, number, number]): [number, number, number] {
  const linear = rgb.map((c) => (c / 255 > 0.04045 ? ((c / 255 + 0.055) / 1.055) ** 2.4 : c / 255 / 12.92));
  const xyz = product(TO_XYZ, linear as unknown as Triple); // three in, three out
  const root = (c: number) => (c >= 0.0088564516790356 ? Math.cbrt(c) : (841 / 108) * c + 4 / 29);
  const [x, y, z] = xyz.map((c, i) => root(c / WHITE[i]!)) as unknown as Triple; // three in, three out
  const scaled = [
    ((116 * y - 16) * 65535) / 100,
    ...[500 * (x - y), 200 * (y - z)].map((c) => ((c + 128) * 65535) / 255),
  ];
  const [l, a, b] = scaled.map((c) => Math.min(65535, Math.max(0, Math.round(c))));
  return [l!, a!, b!];
}
