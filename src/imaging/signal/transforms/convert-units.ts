import { HounsfieldError } from '../../../errors.ts';
import { readParameters } from '../../transforms/read-parameters.ts';
import type { SignalTransform } from './signal-transform.ts';

/** Units that can be turned into each other: what one of them is in the first of its row. */
const UNITS: readonly Readonly<Record<string, number>>[] = [
  { nV: 1, uV: 1e3, mV: 1e6, V: 1e9 },
  { Pa: 1, kPa: 1000, mmHg: 133.322387415, cmH2O: 98.0665, mbar: 100 },
  { ms: 1, s: 1000 },
  { nA: 1, uA: 1e3, mA: 1e6, A: 1e9 },
];

interface ConvertParameters {
  /** One unit for all channels that can have it, or each channel's (null: as it is). */
  readonly units: string | readonly (string | null)[];
}

/** Both micro signs as u. */
const plain = (unit: string): string => unit.replace(/[\u00b5\u03bc]/g, 'u');

/** How many of `to` one of `from` is; undefined where they measure different things. */
export function unitFactor(from: string, to: string): number | undefined {
  if (plain(from) === plain(to)) return 1;
  const row = UNITS.find((units) => Object.hasOwn(units, plain(from)) && Object.hasOwn(units, plain(to)));
  return row ? row[plain(from)]! / row[plain(to)]! : undefined;
}

/** Other units for the same values, such as uV to mV; stored integers are kept. Throws SIGNAL_UNIT. */
export const convertUnits: SignalTransform<ConvertParameters> = {
  name: 'convert-units',
  check(json) {
    const { units, ...rest } = json;
    const read = readParameters('convert-units', rest);
    const isList = Array.isArray(units) && units.every((unit) => unit === null || typeof unit === 'string');
    read.require(
      typeof units === 'string' || isList,
      'units is not a unit or a list of units, one for each channel',
    );
    read.end();
    return { units: units as ConvertParameters['units'] }; // checked above
  },
  resolve(one, { units }) {
    if (typeof units !== 'string') return { units };
    const resolved = one.channels.map((channel) =>
      unitFactor(channel.unit, units) === undefined ? null : units,
    );
    if (resolved.every((unit) => unit === null)) {
      throw new HounsfieldError(
        'SIGNAL_UNIT',
        `no channel can be turned into ${units}. Known: ${UNITS.flatMap(Object.keys).join(', ')}.`,
      );
    }
    return { units: resolved };
  },
  change(one, { units }) {
    const channels = one.channels.map((channel, c) => {
      const unit = typeof units === 'string' ? units : (units[c] ?? null);
      if (unit === null || unit === channel.unit) return channel;
      const factor = unitFactor(channel.unit, unit);
      if (factor === undefined) {
        throw new HounsfieldError(
          'SIGNAL_UNIT',
          `channel ${c} is not in a unit that can be turned into ${unit}. Known: ${UNITS.flatMap(Object.keys).join(', ')}.`,
        );
      }
      const { stored } = channel;
      return {
        ...channel,
        unit,
        samples: channel.samples.map((value) => value * factor),
        ...(stored ? { stored: { ...stored, gain: stored.gain / factor } } : {}),
      };
    });
    return { ...one, channels };
  },
  inverse: () => ({
    fidelity: 'rounding',
    step: (_, before) => ({
      transform: 'convert-units',
      parameters: { units: before.channels.map((channel) => channel.unit) },
    }),
  }),
};
