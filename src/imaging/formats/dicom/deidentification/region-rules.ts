import { HounsfieldError } from '../../../../errors.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { tagOf } from '../dictionary.ts';
import { number, sequence, texts } from '../values.ts';
import { deviceRules } from './device-rules.generated.ts';

/** Column and row of the upper left pixel, width and height, in pixels. */
export type Rectangle = readonly [x: number, y: number, width: number, height: number];

/**
 * Where a device burns text into its images. Every attribute named in `when` must match each of its texts: 'A|B' asks
 * for one of the words within the value, in any case; '=A' asks for the whole value.
 */
export interface RegionRule {
  readonly name: string;
  readonly when: Readonly<Record<string, string | readonly string[]>>;
  readonly regions: readonly Rectangle[];
}

let known: readonly RegionRule[] | undefined;

/** The rules that come along. */
export function knownDeviceRules(): readonly RegionRule[] {
  known ??= deviceRules
    .trim()
    .split('\n')
    .map((line) => readRule(JSON.parse(line), 'the rules that come along'));
  return known;
}

/** Rules from a JSON text: a list of {"name", "when", "regions"}. Throws DEID_REGION_RULES. */
export function parseRegionRules(text: string, name: string): readonly RegionRule[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw rulesWrong(name, 'it is no JSON', { cause });
  }
  if (!Array.isArray(list)) throw rulesWrong(name, 'it is no list');
  return list.map((rule) => readRule(rule, name));
}

const rulesWrong = (name: string, reason: string, options?: { cause: unknown }): HounsfieldError =>
  new HounsfieldError(
    'DEID_REGION_RULES',
    `${name} holds no region rules: ${reason}. Write [{"name": "…", "when": {"Modality": "=US"}, "regions": [[x, y, width, height]]}].`,
    options,
  );

function readRule(value: unknown, source: string): RegionRule {
  if (typeof value !== 'object' || value === null) throw rulesWrong(source, 'an entry is no object');
  const { name, when, regions } = value as Partial<Record<keyof RegionRule, unknown>>; // its fields are checked here
  if (typeof name !== 'string') throw rulesWrong(source, 'an entry lacks its name');
  if (typeof when !== 'object' || when === null || Object.keys(when).length === 0)
    throw rulesWrong(source, `'${name}' does not say when it applies`);
  for (const [keyword, texts] of Object.entries(when)) {
    if (tagOf(keyword) === undefined)
      throw rulesWrong(source, `'${name}' names the unknown attribute ${keyword}`);
    const list: unknown[] = Array.isArray(texts) ? texts : [texts];
    if (list.length === 0 || !list.every((text) => typeof text === 'string' && text !== ''))
      throw rulesWrong(source, `'${name}' gives no text for ${keyword}`);
  }
  if (!Array.isArray(regions) || regions.length === 0 || !regions.every(isRectangle))
    throw rulesWrong(source, `'${name}' lacks regions of four whole numbers`);
  return { name, when: when as RegionRule['when'], regions }; // checked above
}

const isRectangle = (value: unknown): value is Rectangle =>
  Array.isArray(value) && value.length === 4 && value.every((part) => Number.isInteger(part) && part >= 0);

/** What is to be blackened, and by which rule; undefined where no rule knows the image. */
export interface Blackening {
  readonly rules: readonly string[];
  /** Inside of these nothing stays. */
  readonly black: readonly Rectangle[];
  /** Where given, only what lies inside of one of these stays. */
  readonly keep?: readonly Rectangle[];
}

/**
 * Rules for an image: those given, those of known devices, and for ultrasound its own regions (PS3.3 C.8.5.5), outside
 * of which everything goes.
 */
export function blackeningFor(file: DicomFile, own: readonly RegionRule[]): Blackening | undefined {
  const rules = [...own, ...knownDeviceRules()].filter((rule) => matches(rule, file.dataset));
  const keep = ultrasoundRegions(file.dataset);
  const names = [...rules.map(({ name }) => name), ...(keep === undefined ? [] : ['ultrasound regions'])];
  if (names.length === 0) return undefined;
  const black = rules.flatMap(({ regions }) => regions);
  return { rules: names, black, ...(keep === undefined ? {} : { keep }) };
}

function matches({ when }: RegionRule, dataset: Dataset): boolean {
  return Object.entries(when).every(([keyword, wanted]) => {
    const found = valuesOf(dataset, keyword);
    return (typeof wanted === 'string' ? [wanted] : wanted).every((text) => {
      if (text.startsWith('=')) return found.includes(text.slice(1).toLowerCase());
      return text.split('|').some((word) => found.some((value) => value.includes(word.toLowerCase())));
    });
  });
}

function valuesOf(dataset: Dataset, keyword: string): readonly string[] {
  try {
    return texts(dataset, keyword).map((value) => value.trim().toLowerCase());
  } catch {
    return []; // a value that cannot be read matches nothing
  }
}

function ultrasoundRegions(dataset: Dataset): readonly Rectangle[] | undefined {
  const regions: Rectangle[] = [];
  for (const item of sequence(dataset, 'SequenceOfUltrasoundRegions')) {
    const [x0, y0, x1, y1] = [
      'RegionLocationMinX0',
      'RegionLocationMinY0',
      'RegionLocationMaxX1',
      'RegionLocationMaxY1',
    ].map((keyword) => number(item, keyword) ?? -1) as [number, number, number, number]; // four keywords, four numbers
    if (x0 >= 0 && y0 >= 0 && x1 >= x0 && y1 >= y0) regions.push([x0, y0, x1 - x0 + 1, y1 - y0 + 1]);
  }
  return regions.length === 0 ? undefined : regions;
}

/** One byte a pixel: 1 where it is to be blackened. */
export function blackMask({ black, keep }: Blackening, rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(rows * columns).fill(keep === undefined ? 0 : 1);
  const paint = (rectangles: readonly Rectangle[], value: number) => {
    for (const [x, y, width, height] of rectangles)
      for (let row = y; row < Math.min(rows, y + height); row++)
        mask.fill(value, row * columns + Math.min(columns, x), row * columns + Math.min(columns, x + width));
  };
  paint(keep ?? [], 0);
  paint(black, 1);
  return mask;
}
