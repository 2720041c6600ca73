import { gaborResponse, prepareGabor } from './gabor.ts';
import { blockStatistics } from './multiblock.ts';
import type { Picture, PictureFeature } from './picture.ts';
import type { PictureFamily } from './picture-features.ts';
import type { GaborFeatureSettings } from './picture-settings.ts';

/** Mean and deviation of the magnitude of a bank's responses, in a grid of cells. */
export function gaborFamily(settings: GaborFeatureSettings, width: number, height: number): PictureFamily {
  const { frequencies, orientations, bandwidth, border, cells } = settings;
  const features: PictureFeature[] = [];
  const bank = frequencies.flatMap((frequency) =>
    Array.from({ length: orientations }, (_, i) => {
      const degrees = Number(((180 * i) / orientations).toFixed(2));
      for (let cell = 0; cell < cells[0] * cells[1]; cell++) {
        const place = `gabor_f${frequency}_a${degrees}_c${Math.floor(cell / cells[1])}_${cell % cells[1]}`;
        for (const what of ['mean', 'sd']) {
          features.push({ name: `${place}_${what}`, unit: 'u', range: [0, Number.POSITIVE_INFINITY] });
        }
      }
      return prepareGabor({ frequency, theta: (Math.PI * i) / orientations, bandwidth }, width, height);
    }),
  );
  const values = (_: Picture, grey: Float64Array): Float64Array => {
    const out = new Float64Array(features.length);
    let at = 0;
    for (const filter of bank) {
      const { real, imaginary } = gaborResponse(grey, width, height, filter, border);
      for (let i = 0; i < real.length; i++) {
        real[i] = Math.sqrt(real[i]! * real[i]! + imaginary[i]! * imaginary[i]!);
      }
      const found = blockStatistics(real, width, height, cells);
      out.set(found, at);
      at += found.length;
    }
    return out;
  };
  return { features, values };
}
