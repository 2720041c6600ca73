import type { Tag, Vr } from './dataset.ts';
import { dictionaryRows, repeatedRows } from './dictionary.generated.ts';

/** What PS3.6 says of an element; a VR in small letters is a choice that depends on other elements. */
export interface DictionaryEntry {
  readonly tag: Tag;
  readonly vr: Vr | ChoiceOfVr;
  /** Value multiplicity, such as 1, 1-n or 2-2n. */
  readonly vm: string;
  readonly keyword: string;
}

/** us: US or SS. uw: US or OW. sw: US, SS or OW. ow: OB or OW. */
export type ChoiceOfVr = 'us' | 'uw' | 'sw' | 'ow';

interface Tables {
  readonly byTag: ReadonlyMap<Tag, DictionaryEntry>;
  readonly byKeyword: ReadonlyMap<string, DictionaryEntry>;
  readonly repeated: readonly (DictionaryEntry & { readonly mask: number })[];
}

let tables: Tables | undefined;

function readRow(row: string): Omit<DictionaryEntry, 'tag'> {
  const space = row.indexOf(' ');
  const vr = row.slice(8, 10) as DictionaryEntry['vr']; // the generated table holds nothing else
  return { vr, vm: row.slice(10, space), keyword: row.slice(space + 1) };
}

function load(): Tables {
  const byTag = new Map<Tag, DictionaryEntry>();
  const byKeyword = new Map<string, DictionaryEntry>();
  for (const row of dictionaryRows.trim().split(/[\t\n]/)) {
    const entry = { tag: Number.parseInt(row.slice(0, 8), 16), ...readRow(row) };
    byTag.set(entry.tag, entry);
    byKeyword.set(entry.keyword, entry);
  }
  const repeated = repeatedRows
    .trim()
    .split(/[\t\n]/)
    .map((row) => {
      const pattern = row.slice(0, 8);
      const mask = Number.parseInt(pattern.replace(/[^x]/g, 'F').replace(/x/g, '0'), 16);
      return { tag: Number.parseInt(pattern.replace(/x/g, '0'), 16), mask, ...readRow(row) };
    });
  return { byTag, byKeyword, repeated };
}

/** The dictionary's entry for a tag, repeating groups included; undefined for private and unknown tags. */
export function dictionaryEntry(tag: Tag): DictionaryEntry | undefined {
  tables ??= load();
  const found = tables.byTag.get(tag);
  if (found !== undefined || isPrivate(tag)) return found;
  return tables.repeated.find((entry) => (tag & entry.mask) >>> 0 === entry.tag);
}

/** The tag of a keyword such as PatientName; undefined where PS3.6 has none of that name. */
export function tagOf(keyword: string): Tag | undefined {
  tables ??= load();
  return tables.byKeyword.get(keyword)?.tag;
}

/** The keyword of a tag; undefined for private and unknown ones. */
export const keywordOf = (tag: Tag): string | undefined => dictionaryEntry(tag)?.keyword;

const firstChoice: Readonly<Record<ChoiceOfVr, Vr>> = { us: 'US', uw: 'OW', sw: 'OW', ow: 'OW' };

/** The VR of a tag, the usual one where the standard leaves a choice; UN for private and unknown ones. */
export function vrOf(tag: Tag): Vr {
  const vr = dictionaryEntry(tag)?.vr;
  if (vr === undefined) return (tag & 0xffff) === 0 ? 'UL' : isPrivateCreator(tag) ? 'LO' : 'UN';
  return isChoiceOfVr(vr) ? firstChoice[vr] : vr;
}

export const isChoiceOfVr = (vr: Vr | ChoiceOfVr): vr is ChoiceOfVr => vr in firstChoice;

/** True for odd groups (PS3.5 7.8). */
export const isPrivate = (tag: Tag): boolean => (tag & 0x10000) !== 0;

/** True for (gggg,0010) to (gggg,00FF) of an odd group: reserves a block of private elements. */
export const isPrivateCreator = (tag: Tag): boolean =>
  isPrivate(tag) && (tag & 0xff00) === 0 && (tag & 0xffff) >= 0x10;

/** (gggg,eeee), as errors and tables write it. */
export function formatTag(tag: Tag): string {
  const digits = tag.toString(16).toUpperCase().padStart(8, '0');
  return `(${digits.slice(0, 4)},${digits.slice(4)})`;
}
