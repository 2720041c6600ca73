import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pseudonymsFrom } from './pseudonyms.ts';
import { shiftDate } from './shift-dates.ts';

interface Keyed {
  readonly key: string;
  readonly uids: readonly (readonly [value: string, uid: string])[];
  readonly texts: readonly (readonly [purpose: string, value: string, prefix: string, text: string])[];
  readonly days: readonly (readonly [patient: string, days: number])[];
  readonly dates: readonly (readonly [date: string, days: number, moved: string])[];
}
const keyed = JSON.parse(
  readFileSync(new URL('../../../../../fixtures/deidentification/keyed.json', import.meta.url), 'utf8'),
).payload as Keyed; // written by scripts/peers/dicom_confidentiality_keyed.py
const pseudonyms = await pseudonymsFrom(Uint8Array.from(Buffer.from(keyed.key, 'hex')));

describe('pseudonyms equal HMAC-SHA-256 of Python', () => {
  test.each(keyed.uids)('UID of %s', async (value, uid) => {
    expect(await pseudonyms.uid(value)).toBe(uid);
    expect(await pseudonyms.uid(value)).toBe(uid);
  });
  test.each(keyed.texts)('%s %s', async (purpose, value, prefix, text) => {
    expect(await pseudonyms.text(purpose, value, prefix)).toBe(text);
  });
  test.each(keyed.days)('days of %s', async (patient, days) => {
    expect(await pseudonyms.shiftDays(patient)).toBe(days);
  });
});

test('another key gives other pseudonyms', async () => {
  const other = await pseudonymsFrom(new Uint8Array(32));
  expect(await other.uid('1.2.3')).not.toBe(await pseudonyms.uid('1.2.3'));
});

test('a short key is refused', async () => {
  await expect(pseudonymsFrom(new Uint8Array(15))).rejects.toThrow(/^DEID_KEY: the key has 15 bytes/);
});

describe('dates', () => {
  test.each(keyed.dates)('%s back by %i days', (date, days, moved) => {
    expect(shiftDate(date, days)).toBe(moved);
  });

  test.each([
    ['1997.07.15', 14, '19970701'],
    ['199703', 31, '199701'],
    ['1997', 366, '1996'],
    ['1997+0100', 366, '1996+0100'],
    [' 19970715 ', 14, '19970701'],
  ])('%s keeps its precision', (date, days, moved) => {
    expect(shiftDate(date, days)).toBe(moved);
  });

  test.each([
    '',
    'CANARY',
    '19971315',
    '19970230',
    '1997071',
    '19970715x',
    '1997-07-15',
    '20200301112233.1234567',
  ])('%s is no date', (date) => {
    expect(shiftDate(date, 1)).toBeUndefined();
  });
});
