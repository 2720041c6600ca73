import type { Tag, Vr } from './dataset.ts';
import type { ChoiceOfVr } from './dictionary.ts';
import { privateRows } from './private-dictionary.generated.ts';

let byCreator: ReadonlyMap<string, string> | undefined;

/** The VR of a private element under its creator's name; undefined where it is not known. */
export function privateVrOf(tag: Tag, creator: string): Vr | ChoiceOfVr | undefined {
  byCreator ??= new Map(
    privateRows
      .trim()
      .split(/[\t\n]/)
      .map((row): [string, string] => [
        row.slice(0, row.lastIndexOf('|')),
        ` ${row.slice(row.lastIndexOf('|') + 1)} `,
      ]),
  );
  const entries = byCreator.get(creator);
  if (entries === undefined) return undefined;
  const digits = tag.toString(16).toUpperCase().padStart(8, '0');
  const [group, low] = [digits.slice(0, 4), digits.slice(6)];
  for (const pattern of [
    digits,
    `${group}xx${low}`,
    `${group.slice(0, 2)}xxxx${low}`,
    `${digits.slice(0, 6)}xx`,
  ]) {
    const at = entries.indexOf(` ${pattern}`);
    if (at >= 0) return entries.slice(at + 9, at + 11) as Vr | ChoiceOfVr; // the generated table holds nothing else
  }
  return undefined;
}
