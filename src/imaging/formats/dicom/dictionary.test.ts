import { describe, expect, test } from 'vitest';
import { dictionaryRows } from './dictionary.generated.ts';
import {
  dictionaryEntry,
  formatTag,
  isPrivate,
  isPrivateCreator,
  keywordOf,
  tagOf,
  vrOf,
} from './dictionary.ts';
import { privateVrOf } from './private-dictionary.ts';
import { implementationClassUid, implementationVersionName, isUid, newUid, uidFromBytes } from './uid.ts';

describe('the dictionary', () => {
  test('gives every keyword its tag and back', () => {
    const rows = dictionaryRows.trim().split(/[\t\n]/);
    const wrong = rows.filter((row) => {
      const tag = Number.parseInt(row.slice(0, 8), 16);
      const keyword = row.slice(row.indexOf(' ') + 1);
      return tagOf(keyword) !== tag || keywordOf(tag) !== keyword;
    });
    expect(rows.length).toBeGreaterThan(5000);
    expect(wrong).toEqual([]);
  });

  test.each([
    [0x00100010, 'PN', 'PatientName'],
    [0x7fe00010, 'OW', 'PixelData'],
    [0x60023000, 'OW', 'OverlayData'],
    [0x60220010, 'US', 'OverlayRows'],
    [0x00280106, 'US', 'SmallestImagePixelValue'],
    [0x00091010, 'UN', undefined],
    [0x00090010, 'LO', undefined],
    [0x00080000, 'UL', undefined],
    [0x00080002, 'UN', undefined],
    [0x60031010, 'UN', undefined],
  ] as const)('%i is %s %s', (tag, vr, keyword) => {
    expect(vrOf(tag)).toBe(vr);
    expect(keywordOf(tag)).toBe(keyword);
  });

  test('says the multiplicity', () => {
    expect(dictionaryEntry(0x00200032)?.vm).toBe('3');
    expect(dictionaryEntry(0x00080008)?.vm).toBe('2-n');
  });
});

test.each([
  [0x00091008, 'ACUSON', 'LT'],
  [0x0009ff08, 'ACUSON', 'LT'],
  [0x00091008, 'NOBODY', undefined],
  [0x00290000 + 0x1010, 'SIEMENS CSA HEADER', 'OB'],
] as const)('private %i of %s is %s', (tag, creator, vr) => {
  expect(privateVrOf(tag, creator)).toBe(vr);
});

test.each([
  [0x00090010, true, true],
  [0x000900ff, true, true],
  [0x00090100, true, false],
  [0x00090001, true, false],
  [0x00080010, false, false],
] as const)('%i: private %s, a creator %s', (tag, isOdd, isCreator) => {
  expect([isPrivate(tag), isPrivateCreator(tag)]).toEqual([isOdd, isCreator]);
});

test('a tag as text', () => {
  expect(formatTag(0x7fe00010)).toBe('(7FE0,0010)');
});

describe('UIDs', () => {
  test('are new, and under 2.25', () => {
    const made = Array.from({ length: 100 }, newUid);
    expect(new Set(made).size).toBe(100);
    expect(made.every((uid) => isUid(uid) && uid.startsWith('2.25.'))).toBe(true);
  });

  test('from bytes are UUIDs of version 4', () => {
    const uid = uidFromBytes(new Uint8Array(32).fill(255));
    const hex = BigInt(uid.slice(5)).toString(16);
    expect([hex[12], hex[16]]).toEqual(['4', 'b']);
  });

  test.each([
    ['1.2.840', true],
    ['1.02', false],
    ['1..2', false],
    ['', false],
    ['1.2 ', false],
    [`1.${'2'.repeat(63)}`, false],
    ['0.0', true],
  ])('%j: %s', (uid, valid) => {
    expect(isUid(uid)).toBe(valid);
  });

  test("Hounsfield's own", () => {
    expect(isUid(implementationClassUid)).toBe(true);
    expect(implementationVersionName.length).toBeLessThanOrEqual(16);
  });
});
