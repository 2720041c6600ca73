import { HounsfieldError } from '../../../../errors.ts';
import type { Tag } from '../dataset.ts';
import { type AttributeType, attributeType } from './attribute-type.ts';
import { tableRows } from './profile-table.generated.ts';

/** Options of the Basic Application Level Confidentiality Profile (PS3.15 E.3). */
export const profileOptions = [
  'retainSafePrivate',
  'retainUids',
  'retainDevice',
  'retainInstitution',
  'retainPatientCharacteristics',
  'retainFullDates',
  'retainModifiedDates',
  'cleanDescriptors',
  'cleanStructuredContent',
  'cleanGraphics',
  'cleanPixelData',
] as const;
export type ProfileOption = (typeof profileOptions)[number];

/** What a table of the standard asks for (PS3.15 table E.1-1a), alternatives as they stand there. */
export type TableAction = 'X' | 'Z' | 'D' | 'U' | 'X/Z' | 'X/D' | 'Z/D' | 'X/Z/D' | 'X/Z/U*' | 'K' | 'C';

/** Remove, empty, dummy, UID, keep, clean. */
export type Action = 'X' | 'Z' | 'D' | 'U' | 'K' | 'C';

export interface TableRow {
  readonly basic: TableAction;
  readonly options: Readonly<Partial<Record<ProfileOption, 'K' | 'C'>>>;
}

let rows: ReadonlyMap<Tag, TableRow> | undefined;

/** Every row of table E.1-1 with a single tag. */
export function confidentialityTable(): ReadonlyMap<Tag, TableRow> {
  rows ??= readTable(tableRows);
  return rows;
}

function readTable(text: string): ReadonlyMap<Tag, TableRow> {
  const table = new Map<Tag, TableRow>();
  let row: TableRow = { basic: 'X', options: {} };
  for (const line of text.trim().split('\n')) {
    const words = line.split(' ');
    if (words[0] === '=') {
      const pairs = words.slice(2).map((pair) => pair.split(':'));
      row = { basic: words[1] as TableAction, options: Object.fromEntries(pairs) }; // the generated table holds nothing else
    } else for (const digits of words) table.set(Number.parseInt(digits, 16), row);
  }
  return table;
}

const removed: TableRow = { basic: 'X', options: {} };

/**
 * The table's row for a tag, with the patterns (50xx,xxxx) and (60xx,eeee). All of an overlay's group goes with its
 * data, since the rest describes nothing without it; cleanGraphics removes curves and overlays, too, since text that
 * was drawn cannot be told from lines. Undefined where the table does not speak of the tag.
 */
export function tableRow(tag: Tag): TableRow | undefined {
  const group = tag >>> 16;
  if ((group & 0xff01) === 0x5000 || (group & 0xff01) === 0x6000) return removed;
  if ((tag & 0xffff) === 0) return removed; // group lengths would no longer be true
  return confidentialityTable().get(tag);
}

export type ChosenOptions = ReadonlySet<ProfileOption>;

/** Checks that options are known and may stand together. Throws DEID_OPTION. */
export function chooseOptions(names: readonly string[]): ChosenOptions {
  const chosen = new Set<ProfileOption>();
  for (const name of names) {
    const option = profileOptions.find((known) => known === name);
    if (name === 'cleanRecognizableVisualFeatures')
      throw new HounsfieldError(
        'DEID_OPTION',
        'cleanRecognizableVisualFeatures is not done here: faces are not taken out of volumes. Deface them first, then leave the option away.',
      );
    if (option === undefined)
      throw new HounsfieldError(
        'DEID_OPTION',
        `'${name}' is no option of the profile. Choose among ${profileOptions.join(', ')}.`,
      );
    chosen.add(option);
  }
  if (chosen.has('retainFullDates') && chosen.has('retainModifiedDates'))
    throw new HounsfieldError(
      'DEID_OPTION',
      'retainFullDates and retainModifiedDates exclude each other. Choose one.',
    );
  return chosen;
}

/** Where an element stands, as far as its Type depends on it. */
export interface Place {
  readonly sopClassUid: string;
  /** The sequence that holds it; undefined at the top. */
  readonly parent: Tag | undefined;
}

/**
 * The action for an attribute: an option's C before an option's K (a date that is asked to be shifted is shifted,
 * even where another option would keep it), then the basic profile's, its alternatives settled by the attribute's
 * Type in the IOD. Where the Type is not known, the last alternative is taken: it never breaks an IOD, and a dummy
 * tells as little as nothing.
 */
export function actionFor(tag: Tag, row: TableRow, options: ChosenOptions, place: Place): Action {
  const asked = new Set(
    Object.entries(row.options).flatMap(
      ([name, action]) => (options.has(name as ProfileOption) ? [action] : []), // the keys of options are options
    ),
  );
  if (asked.has('C')) return 'C';
  if (asked.has('K')) return 'K';
  return settle(row.basic, attributeType(tag, place.sopClassUid, place.parent));
}

/** One action of alternatives, by Type 1, 2 or 3 (PS3.15 table E.1-1a); undefined is an unknown Type. */
export function settle(action: TableAction, type: AttributeType | undefined): Action {
  switch (action) {
    case 'X/Z':
      return type === 3 ? 'X' : 'Z';
    case 'X/D':
      return type === 3 ? 'X' : 'D';
    case 'Z/D':
      return type === 2 || type === 3 ? 'Z' : 'D';
    case 'X/Z/D':
      return type === 3 ? 'X' : type === 2 ? 'Z' : 'D';
    case 'X/Z/U*':
      // Z allows a dummy value; references with new UIDs are one that keeps derived objects tied to their images.
      return type === 3 ? 'X' : 'U';
    default:
      return action;
  }
}
