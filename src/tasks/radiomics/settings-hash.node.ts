import { createHash } from 'node:crypto';
import type { MeasureSettings } from './measure-files.node.ts';

/** Settings as JSON with sorted keys, so that equal settings give equal texts. */
export const settingsJson = (settings: MeasureSettings): string => JSON.stringify(sorted(settings));

/** SHA-256 (hex) of settingsJson. */
export const settingsSha256 = (settings: MeasureSettings): string =>
  createHash('sha256').update(settingsJson(settings)).digest('hex');

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
