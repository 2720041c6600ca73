import type { FloatImage } from '../image/medical-image.ts';

/**
 * [a, b, tx, c, d, ty]: output pixel (x, y) is read at input ((a x + b y + tx), (c x + d y + ty)),
 * both in pixels with pixel centres at integers.
 */
export type AffineMatrix = readonly [number, number, number, number, number, number];

/** What lies outside the image: its mirror image about the edge (d c b a | a b c d), or one value. */
export type Border = 'reflect' | { readonly constant: number };

/** Offsets in pixels added to where each output pixel is read. */
export interface Displacement {
  readonly x: Float32Array; // [H, W]
  readonly y: Float32Array; // [H, W]
}

/**
 * Bilinear resampling along an affine map, with an optional displacement on top, in one interpolation; the size
 * stays. The map has an inverse (invertAffine); the picture only approximately, for interpolation smooths it.
 */
export function warpAffine(
  image: FloatImage,
  matrix: AffineMatrix,
  border: Border,
  displacement?: Displacement,
): FloatImage {
  const { channels, height, width } = image;
  const pixels = new Float32Array(image.pixels.length);
  warpInto(pixels, image.pixels, channels, height, width, matrix, border, displacement);
  return { pixels, channels, height, width };
}

function warpInto(
  out: Float32Array,
  source: Float32Array,
  channels: number,
  height: number,
  width: number,
  matrix: AffineMatrix,
  border: Border,
  displacement: Displacement | undefined,
): void {
  const [a, b, tx, c, d, ty] = matrix;
  const plane = height * width;
  const constant = border === 'reflect' ? undefined : border.constant;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      let sx = a * x + b * y + tx;
      let sy = c * x + d * y + ty;
      if (displacement) {
        sx += displacement.x[at]!;
        sy += displacement.y[at]!;
      }
      const fx = Math.floor(sx);
      const fy = Math.floor(sy);
      const rx = sx - fx;
      const ry = sy - fy;
      if (fx >= 0 && fy >= 0 && fx < width - 1 && fy < height - 1) {
        for (let channel = 0, i = fy * width + fx; channel < channels; channel++, i += plane) {
          const top = source[i]! + rx * (source[i + 1]! - source[i]!);
          const bottom = source[i + width]! + rx * (source[i + width + 1]! - source[i + width]!);
          out[channel * plane + at] = top + ry * (bottom - top);
        }
      } else {
        for (let channel = 0; channel < channels; channel++) {
          const base = channel * plane;
          const v00 = sample(source, base, fx, fy, height, width, constant);
          const v01 = sample(source, base, fx + 1, fy, height, width, constant);
          const v10 = sample(source, base, fx, fy + 1, height, width, constant);
          const v11 = sample(source, base, fx + 1, fy + 1, height, width, constant);
          const top = v00 + rx * (v01 - v00);
          out[base + at] = top + ry * (v10 + rx * (v11 - v10) - top);
        }
      }
    }
  }
}

function sample(
  source: Float32Array,
  base: number,
  x: number,
  y: number,
  height: number,
  width: number,
  constant: number | undefined,
): number {
  if (constant !== undefined) {
    return x < 0 || y < 0 || x >= width || y >= height ? constant : source[base + y * width + x]!;
  }
  return source[base + reflect(y, height) * width + reflect(x, width)]!;
}

/** Index mirrored about the edges of 0..size-1, the edge pixel repeated. */
export function reflect(index: number, size: number): number {
  if (index >= 0 && index < size) return index;
  const period = 2 * size;
  const folded = ((index % period) + period) % period;
  return folded < size ? folded : period - 1 - folded;
}

/** The map that first applies `second` to the output's coordinates, then `first`: first(second(x)). */
export function composeAffine(first: AffineMatrix, second: AffineMatrix): AffineMatrix {
  const [a, b, tx, c, d, ty] = first;
  const [e, f, ux, g, h, uy] = second;
  return [
    a * e + b * g,
    a * f + b * h,
    a * ux + b * uy + tx,
    c * e + d * g,
    c * f + d * h,
    c * ux + d * uy + ty,
  ];
}

/** The map back. A matrix with determinant zero gives infinities. */
export function invertAffine(matrix: AffineMatrix): AffineMatrix {
  const [a, b, tx, c, d, ty] = matrix;
  const determinant = a * d - b * c;
  const [e, f, g, h] = [d / determinant, -b / determinant, -c / determinant, a / determinant];
  return [e, f, -(e * tx + f * ty), g, h, -(g * tx + h * ty)];
}
