import { describe, expect, test } from 'vitest';
import { type BuildValue, buildElement, dataset } from './build-dataset.ts';
import type { Dataset, Vr } from './dataset.ts';
import { nameComponents } from './person-name.ts';
import {
  bigIntegers,
  element,
  has,
  number,
  numbers,
  personName,
  sequence,
  tagNamed,
  text,
  texts,
} from './values.ts';

/** A data set of one element of bytes as a file has them. */
function holding(tag: number, vr: Vr, value: string | readonly number[], littleEndian = true): Dataset {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value);
  return { elements: new Map([[tag, { tag, vr, bytes }]]), littleEndian, characterSets: ['ISO_IR 192'] };
}

const tag = 0x00280010;

describe('text', () => {
  test.each([
    ['LO', ' a b ', ['a b']],
    ['LO', 'a\\ b \\', ['a', 'b', '']],
    ['LO', '', []],
    ['LO', '  ', []],
    ['LO', 'a\0\0', ['a']],
    ['CS', ' A \\B', ['A', 'B']],
    ['AE', '  TITLE ', ['TITLE']],
    ['UI', '1.2.3\0', ['1.2.3']],
    ['UI', '1.2\\1.3 ', ['1.2', '1.3']],
    ['PN', ' A^B=C ', [' A^B=C']],
    ['LT', ' a\\b ', [' a\\b']],
    ['UT', 'line\r\nline ', ['line\r\nline']],
    ['ST', '\\', ['\\']],
    ['UR', 'http://x/a\\b ', ['http://x/a\\b']],
    ['DA', '20260102 ', ['20260102']],
    ['TM', '120000 \\1300', ['120000', '1300']],
  ] as const)('%s %j is %j', (vr, value, expected) => {
    const given = holding(tag, vr, value);
    expect(texts(given, tag)).toEqual(expected);
    expect(text(given, tag)).toBe(expected[0]);
  });

  test('of an absent element is none', () => {
    expect(text(holding(tag, 'LO', 'a'), 'PatientName')).toBeUndefined();
    expect(texts(holding(tag, 'LO', 'a'), 'PatientName')).toEqual([]);
  });
});

describe('numbers', () => {
  test.each([
    ['DS', ' 1.5 ', [1.5]],
    ['DS', '1\\-2.5e3\\+.5', [1, -2500, 0.5]],
    ['DS', '1.\\1E-7 ', [1, 1e-7]],
    ['DS', '', []],
    ['DS', '1\\\\3', [1, Number.NaN, 3]],
    ['IS', ' 12', [12]],
    ['IS', '12.0', [12]],
    ['IS', '-3\\4', [-3, 4]],
    ['US', [1, 2, 255, 255], [513, 65535]],
    ['SS', [255, 255], [-1]],
    ['UL', [1, 0, 0, 128], [2147483649]],
    ['SL', [255, 255, 255, 255], [-1]],
    ['FL', [0, 0, 192, 63], [1.5]],
    ['FD', [0, 0, 0, 0, 0, 0, 248, 63], [1.5]],
    ['OB', [1, 255], [1, 255]],
    ['OW', [1, 2], [513]],
    ['AT', [0x28, 0, 0x10, 0], [tag]],
    ['UV', [1, 0, 0, 0, 0, 0, 0, 0], [1]],
    ['SV', [255, 255, 255, 255, 255, 255, 255, 255], [-1]],
  ] as const)('%s %j is %j', (vr, value, expected) => {
    expect(numbers(holding(tag, vr, value), tag)).toEqual(expected);
    expect(number(holding(tag, vr, value), tag)).toBe(expected[0]);
  });

  test.each([
    ['US', [1, 2], 258],
    ['SL', [255, 255, 255, 254], -2],
    ['FD', [63, 248, 0, 0, 0, 0, 0, 0], 1.5],
    ['AT', [0, 0x28, 0, 0x10], tag],
  ] as const)('big-endian %s %j is %j', (vr, value, expected) => {
    expect(number(holding(tag, vr, value, false), tag)).toBe(expected);
  });

  test.each([
    ['DS', '1,5'],
    ['DS', 'abc'],
    ['DS', '0x10'],
    ['IS', '1A'],
    ['US', [1]],
    ['FD', [1, 2, 3, 4]],
    ['LO', 'one'],
  ] as const)('%s %j is refused without saying the value', (vr, value) => {
    expect(() => numbers(holding(tag, vr, value), tag)).toThrow(/^DICOM_VALUE_INVALID: \(0028,0010\)[^1A]*$/);
  });

  test('a look-up table has 65535 entries at most, also where its VR is signed', () => {
    const descriptor = 0x00281101;
    expect(numbers(holding(descriptor, 'SS', [0, 128, 0, 128, 16, 0]), descriptor)).toEqual([
      32768, -32768, 16,
    ]);
  });

  test('64-bit integers are exact', () => {
    const value = 2n ** 63n + 1n;
    expect(bigIntegers(dataset([['ExtendedOffsetTable', 'OV', [value]]]), 'ExtendedOffsetTable')).toEqual([
      value,
    ]);
    expect(() => bigIntegers(holding(tag, 'US', [1, 2]), tag)).toThrow(/DICOM_VALUE_INVALID/);
  });
});

test('an element by keyword and by tag', () => {
  const given = dataset({ Rows: 5, ReferencedImageSequence: [{ Rows: 6 }] });
  expect(element(given, 'Rows')).toBe(element(given, tag));
  expect([has(given, 'Rows'), has(given, 'Columns')]).toEqual([true, false]);
  expect(sequence(given, 'ReferencedImageSequence').map((item) => number(item, 'Rows'))).toEqual([6]);
  expect(sequence(given, 'Rows')).toEqual([]);
  expect(() => texts(given, 'ReferencedImageSequence')).toThrow(/DICOM_VALUE_KIND/);
  expect(() => tagNamed('rows')).toThrow(/DICOM_KEYWORD_UNKNOWN/);
});

test.each([
  ['Doe^Jane^^Dr', { alphabetic: 'Doe^Jane^^Dr', ideographic: '', phonetic: '' }],
  ['Wang^XiaoDong=王^小東', { alphabetic: 'Wang^XiaoDong', ideographic: '王^小東', phonetic: '' }],
  ['=山田^太郎=やまだ^たろう', { alphabetic: '', ideographic: '山田^太郎', phonetic: 'やまだ^たろう' }],
])('the name %j', (value, expected) => {
  expect(personName(dataset({ PatientName: value }), 'PatientName')).toEqual(expected);
});

test('components of a name', () => {
  expect(nameComponents('Doe^Jane^^Dr')).toEqual(['Doe', 'Jane', '', 'Dr', '']);
});

describe('building', () => {
  test.each([
    ['Rows', 70_000],
    ['Rows', -1],
    ['Rows', 1.5],
    ['Rows', 'five'],
    ['SliceThickness', Number.NaN],
    ['SliceThickness', Number.POSITIVE_INFINITY],
    ['Modality', 'KÖ'],
    ['ReferencedImageSequence', 'text'],
    ['PatientComments', ['one', 'two']],
    ['Rows', dataset({ Rows: 5 })],
  ] satisfies [string, BuildValue][])('%s cannot be %j', (keyword, value) => {
    expect(() => buildElement(keyword, value)).toThrow(/DICOM_VALUE_INVALID/);
  });

  test('an unknown keyword is refused', () => {
    expect(() => dataset({ Zeilen: 5 })).toThrow(/DICOM_KEYWORD_UNKNOWN/);
  });

  test.each([
    [1 / 3],
    [-1 / 3],
    [1e-300],
    [-1.23456789012345e-300],
    [123456789012345680000],
    [2 ** 53],
    [-0.1],
    [Math.PI * 1e10],
    [Math.PI * 1e-10],
  ])('DS of %d takes 16 characters at most and is as near as they allow', (value) => {
    const built = dataset({ SliceThickness: value });
    const written = text(built, 'SliceThickness') ?? '';
    expect(written.length).toBeLessThanOrEqual(16);
    expect(Math.abs(Number(written) / value - 1)).toBeLessThan(1e-8);
  });

  test.each([
    [1, 'SS', -5],
    [0, 'US', 5],
  ])('with PixelRepresentation %i, the smallest value is %s', (representation, vr, value) => {
    const built = dataset({ SmallestImagePixelValue: value, PixelRepresentation: representation });
    expect(element(built, 'SmallestImagePixelValue')?.vr).toBe(vr);
    expect(number(built, 'SmallestImagePixelValue')).toBe(value);
  });

  test('keys of eight digits are tags, undefined is left out, null is empty', () => {
    const built = dataset({ '00280010': 5, Columns: undefined, PatientName: null });
    expect([...built.elements.keys()]).toEqual([0x00100010, tag]);
    expect(element(built, 'PatientName')?.bytes?.length).toBe(0);
  });
});
