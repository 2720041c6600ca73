import type { Vr } from './dataset.ts';

const all =
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV'.split(
    ' ',
  ) as readonly Vr[]; // the list of PS3.5 table 6.2-1

/** The VR of two bytes, the first in the higher place; undefined where PS3.5 has none. */
const byCode = new Map<number, Vr>(all.map((vr) => [(vr.charCodeAt(0) << 8) | vr.charCodeAt(1), vr]));
export const vrOfCode = (code: number): Vr | undefined => byCode.get(code);

/** VRs whose length takes four bytes in explicit encodings (PS3.5 table 7.1-1). */
const long = new Set<Vr>(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);
export const hasLongLength = (vr: Vr): boolean => long.has(vr);

/** VRs of bulk data: bytes, words and floats without a string's rules. */
const bulk = new Set<Vr>(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'UN']);
export const isBulk = (vr: Vr): boolean => bulk.has(vr);

/** Bytes of one number of a binary VR, for swapping; 1 where there is nothing to swap. */
const widths: Readonly<Partial<Record<Vr, number>>> = {
  AT: 2,
  FD: 8,
  FL: 4,
  OD: 8,
  OF: 4,
  OL: 4,
  OV: 8,
  OW: 2,
  SL: 4,
  SS: 2,
  SV: 8,
  UL: 4,
  US: 2,
  UV: 8,
};
export const wordBytes = (vr: Vr): number => widths[vr] ?? 1;

/** VRs whose text is written in Specific Character Set (PS3.5 6.1.2.3). */
const characterSet = new Set<Vr>(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
export const usesCharacterSet = (vr: Vr): boolean => characterSet.has(vr);

const single = new Set<Vr>(['LT', 'ST', 'UR', 'UT']);
/** True where a backslash parts values. */
export const isMultiValued = (vr: Vr): boolean => !single.has(vr);

const strings = new Set<Vr>([...characterSet, 'AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR']);
export const isString = (vr: Vr): boolean => strings.has(vr);
