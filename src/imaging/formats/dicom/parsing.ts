import { HounsfieldError } from '../../../errors.ts';
import type { ByteCursor } from './byte-cursor.ts';
import type { DataElement, Tag } from './dataset.ts';
import type { ChoiceOfVr } from './dictionary.ts';
import type { DicomLimits } from './read-limits.ts';

export const itemTag = 0xfffee000;
export const itemEnd = 0xfffee00d;
export const sequenceEnd = 0xfffee0dd;
export const undefinedLength = 0xffffffff;

/** What lasts through the reading of one file. */
export interface Parsing {
  readonly cursor: ByteCursor;
  readonly limits: DicomLimits;
  readonly deferAbove: number;
  readonly warnings: Set<string>;
  /** Elements whose VR depends on others, to be settled once all are there. */
  readonly choices: { readonly scope: Scope; readonly tag: Tag; readonly choice: ChoiceOfVr }[];
  counted: number;
  loaded: number;
  /** True once an undefined length led to bytes that are no element: only a defined length leads back. */
  lost: boolean;
}

/** A data set while it is read, within those that hold it. */
export interface Scope {
  readonly elements: Map<Tag, DataElement>;
  readonly explicitVr: boolean;
  readonly littleEndian: boolean;
  readonly parent: Scope | undefined;
  readonly depth: number;
  characterSets: readonly string[];
}

export function count(parsing: Parsing): void {
  parsing.counted += 1;
  if (parsing.counted > parsing.limits.elements) {
    const message = `the file has more than ${parsing.limits.elements} elements, items and fragments. Raise limits.elements if it is meant to.`;
    throw new HounsfieldError('DICOM_TOO_MANY_ELEMENTS', message);
  }
}

export function scopeOf(
  explicitVr: boolean,
  littleEndian: boolean,
  characterSets: readonly string[] = [''],
  parent?: Scope,
): Scope {
  const depth = parent === undefined ? 0 : parent.depth + 1;
  return { elements: new Map(), explicitVr, littleEndian, characterSets, parent, depth };
}

const mostWarnings = 200;

/** Notes what was wrong and could be read all the same; past many, only that there is more. */
export function warn({ warnings }: Parsing, sentence: string): void {
  if (warnings.size < mostWarnings) warnings.add(sentence);
  else warnings.add('More was wrong than is listed here.');
}
