import sharp from 'sharp';

/** A WebP picture's samples, interleaved red, green, blue and, where `samples` is 4, alpha; its size beside them. */
export async function decodeWebp(
  bytes: Uint8Array,
  samples: number,
): Promise<{ readonly pixels: Uint8Array; readonly width: number; readonly height: number }> {
  const picture = sharp(bytes, { failOn: 'warning', limitInputPixels: 2 ** 26 });
  const shown = samples === 4 ? picture.ensureAlpha() : picture.removeAlpha();
  const { data, info } = await shown.raw().toBuffer({ resolveWithObject: true });
  return { pixels: new Uint8Array(data), width: info.width, height: info.height };
}
