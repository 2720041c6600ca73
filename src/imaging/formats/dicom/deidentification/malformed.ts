import type { Tag, Vr } from '../dataset.ts';
import { dictionaryEntry } from '../dictionary.ts';
import { isBulk, wordBytes } from '../value-representation.ts';

/** What a value may be made of (PS3.5 table 6.2-1), read kindly: spaces anywhere, several values, NUL at the end. */
const forms: Readonly<Partial<Record<Vr, RegExp>>> = {
  AS: /^[0-9DWMYdwmy \\]*$/,
  CS: /^([ A-Za-z0-9_.,+\-/()[\]#*:&']{0,32}(\\|$))*$/,
  DA: /^[0-9. \-\\]*$/,
  DS: /^[0-9eE+\-. ,\\]*$/,
  DT: /^[0-9. +\-\\]*$/,
  IS: /^[0-9+\-. \\]*$/,
  TM: /^[0-9.: \-\\]*$/,
  UI: /^[0-9. \\]*$/,
};

/** False where a text holds what its VR does not allow, as a hidden remark does: other letters, or more after a NUL. */
export function isWellFormed(vr: Vr, value: string): boolean {
  const text = value.replace(/[ \0]+$/, '');
  if (text.includes('\0')) return false;
  return forms[vr]?.test(text) ?? true;
}

/** False where numbers of a binary VR are more than the attribute may have, or not whole ones: text may lie there. */
export function hasFittingNumbers(tag: Tag, vr: Vr, length: number): boolean {
  const width = vr === 'AT' ? 4 : wordBytes(vr);
  if (isBulk(vr) || width === 1) return true;
  if (length % width !== 0) return false;
  const most = Number(/(\d+)$/.exec(dictionaryEntry(tag)?.vm ?? '')?.[1] ?? Number.POSITIVE_INFINITY);
  return length / width <= most;
}
