import { HounsfieldError } from '../../errors.ts';
import { isLabelMap, type MedicalImage } from '../image/medical-image.ts';
import { clip } from './intensity-clip.ts';
import { windowIntensities } from './intensity-window.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform } from './transform.ts';

/** A named window: Window Center and Window Width. */
export interface IntensityPreset {
  readonly center: number;
  readonly width: number;
  readonly source: string;
}

const CONVENTION = 'convention of reading rooms; sites differ';

/** Windows of CT, HU: conventions of reading rooms, fixed by no standard. Give the numbers in a report, not the name. */
export const CT_PRESETS = {
  brain: { center: 40, width: 80, source: CONVENTION },
  subdural: { center: 75, width: 215, source: CONVENTION },
  stroke: { center: 40, width: 40, source: CONVENTION },
  'temporal-bone': { center: 600, width: 2800, source: CONVENTION },
  'head-neck-soft-tissue': { center: 40, width: 375, source: CONVENTION },
  lung: { center: -600, width: 1500, source: CONVENTION },
  mediastinum: { center: 50, width: 350, source: CONVENTION },
  vascular: { center: 200, width: 600, source: CONVENTION },
  'soft-tissue': { center: 50, width: 400, source: CONVENTION },
  liver: { center: 30, width: 150, source: CONVENTION },
  'spine-soft-tissue': { center: 50, width: 250, source: CONVENTION },
  bone: { center: 400, width: 1800, source: CONVENTION },
} as const satisfies Readonly<Record<string, IntensityPreset>>;

/** Ranges of PET, SUV from 0: conventions of reading rooms, fixed by no standard. Name the range in a report. */
export const PET_PRESETS = {
  body: { center: 5, width: 10, source: 'convention: SUV 0-10' },
  'body-low': { center: 2.5, width: 5, source: 'convention: SUV 0-5' },
  brain: { center: 7.5, width: 15, source: 'convention: SUV 0-15' },
} as const satisfies Readonly<Record<string, IntensityPreset>>;

export interface PresetParameters<Name extends string> {
  readonly preset: Name;
  /** Where the window's ends go; default 0 and 1. */
  readonly low?: number;
  readonly high?: number;
  /** True vouches for the unit of an image that does not know its own ('arbitrary'), as those of NIfTI files. */
  readonly assumeUnit?: boolean;
}

/** A transform that applies a window of a table by its name. */
function presetTransform<Name extends string>(
  name: string,
  presets: Readonly<Record<Name, IntensityPreset>>,
  units: readonly MedicalImage['unit'][],
  example: Name,
): DerivedTransform<PresetParameters<Name>> {
  return {
    name,
    kind: 'derived',
    example: { preset: example, assumeUnit: true },
    check(parameters) {
      const read = readParameters(name, parameters);
      const preset = read.oneOf('preset', Object.keys(presets) as Name[]); // its own keys
      const assumeUnit = read.flag('assumeUnit', false);
      const ends = { low: read.number('low', { fallback: 0 }), high: read.number('high', { fallback: 1 }) };
      read.end();
      return { preset, ...ends, assumeUnit };
    },
    resolve:
      ({ preset, assumeUnit, ...ends }) =>
      (called, image) => {
        if (isLabelMap(image)) return [];
        requireUnit(called, image, units, assumeUnit, name);
        const { center, width } = presets[preset];
        return [{ transform: windowIntensities, parameters: { center, width, ...ends } }];
      },
  };
}

/** A named window of CT. Recorded as window. Throws INTENSITY_UNIT for an image that is not in HU. */
export const ctPreset = presetTransform('ct-preset', CT_PRESETS, ['HU'], 'lung');

/** A named range of SUV. Recorded as window. Throws INTENSITY_UNIT for an image that is not in SUV. */
export const petPreset = presetTransform('pet-preset', PET_PRESETS, ['SUVbw', 'SUVlbm', 'SUVbsa'], 'body');

export interface SuvClipParameters {
  /** Highest SUV kept; default 20. Below 0 becomes 0. */
  readonly high?: number;
  /** As of PresetParameters. */
  readonly assumeUnit?: boolean;
}

/** Cuts SUV off at 0 and a highest value, the unit kept. Recorded as clip. Throws INTENSITY_UNIT. */
export const suvClip: DerivedTransform<SuvClipParameters> = {
  name: 'suv-clip',
  kind: 'derived',
  example: { assumeUnit: true },
  check(parameters) {
    const read = readParameters('suv-clip', parameters);
    const high = read.number('high', { min: Number.MIN_VALUE, fallback: 20 });
    const assumeUnit = read.flag('assumeUnit', false);
    read.end();
    return { high, assumeUnit };
  },
  resolve:
    ({ high, assumeUnit }) =>
    (name, image) => {
      if (isLabelMap(image)) return [];
      requireUnit(name, image, SUV_UNITS, assumeUnit, 'suv-clip');
      return [{ transform: clip, parameters: { low: [0], high: [high] } }];
    },
};

const SUV_UNITS = ['SUVbw', 'SUVlbm', 'SUVbsa'] as const;

function requireUnit(
  name: string,
  image: MedicalImage,
  units: readonly MedicalImage['unit'][],
  assumed: boolean,
  transform: string,
): void {
  if (units.includes(image.unit) || (assumed && image.unit === 'arbitrary')) return;
  throw new HounsfieldError(
    'INTENSITY_UNIT',
    `${transform} needs ${units.join(', ')}, and '${name}' is in '${image.unit}'. Apply it to the right image, or ` +
      'convert the values and state their unit first.',
  );
}
