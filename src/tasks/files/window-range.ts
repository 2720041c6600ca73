import { HounsfieldError } from '../../errors.ts';
import type { MedicalImage } from '../../imaging/image/medical-image.ts';
import { CT_PRESETS, PET_PRESETS } from '../../imaging/transforms/intensity-presets.ts';

/** Black and white of a window by name or by numbers. Throws WINDOW_UNKNOWN. */
export function windowRange(text: string, { unit }: Pick<MedicalImage, 'unit'>): readonly [number, number] {
  const number = String.raw`([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)`;
  const [, low, high] = new RegExp(`^${number}\\.\\.${number}$`, 'i').exec(text) ?? [];
  if (low !== undefined && Number(high) > Number(low)) return [Number(low), Number(high)];
  const [, centre, width] = new RegExp(`^${number},${number}$`, 'i').exec(text) ?? [];
  if (centre !== undefined && Number(width) > 0) {
    return [Number(centre) - Number(width) / 2, Number(centre) + Number(width) / 2];
  }
  const presets: Readonly<Record<string, { readonly center: number; readonly width: number }>> =
    unit.startsWith('SUV') ? PET_PRESETS : CT_PRESETS;
  const preset = Object.hasOwn(presets, text) ? presets[text] : undefined;
  if (preset) return [preset.center - preset.width / 2, preset.center + preset.width / 2];
  throw new HounsfieldError(
    'WINDOW_UNKNOWN',
    `the window '${text.slice(0, 40)}' is none of ${Object.keys(presets).join(', ')}. Name one of these, or give ` +
      'LOW..HIGH or CENTRE,WIDTH.',
  );
}
