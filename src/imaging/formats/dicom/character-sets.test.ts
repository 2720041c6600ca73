import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { areKnown, decodeText, nameDelimiters, textDelimiters } from './character-sets.ts';
import type { Dataset } from './dataset.ts';
import { parsePersonName } from './person-name.ts';
import { readDicomBytes } from './read-dicom.ts';
import { textsOf } from './values.ts';

interface Fixture {
  readonly names: readonly { readonly file: string; readonly names: readonly (readonly string[])[] }[];
  readonly cases: readonly {
    readonly what: string;
    readonly sets: readonly string[];
    readonly bytes: string;
    readonly text: string;
  }[];
}

function loadFixture(): Fixture {
  const url = new URL('../../../../fixtures/dicom/characters.json.gz', import.meta.url);
  const text = gunzipSync(readFileSync(url)).toString();
  const fixture = JSON.parse(text) as { sha256: string; cases: Fixture }; // scripts/peers/dicom_characters.py wrote it
  const payload = text.slice(text.indexOf('"cases":') + 8, -1);
  if (createHash('sha256').update(payload).digest('hex') !== fixture.sha256)
    throw new Error('fixtures/dicom/characters.json.gz is damaged');
  return fixture.cases;
}

const fixture = loadFixture();
const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));

/** Characters that two mappings of the same set name differently: code points here and in the peer. */
const otherMapping: Readonly<Record<string, readonly string[]>> = {
  // KS X 1001:1998 added the euro and registered signs; the Encoding Standard's table does not have them.
  'KS X 1001': ['fffd for 20ac', 'fffd for ae'],
  // GB 18030 names these two after Unicode's own choice, the peer's table after an older one.
  'GB 2312': ['b7 for 30fb', '2014 for 2015'],
};

test.each(fixture.cases)('$what: every character as the peer decodes it', ({ what, sets, bytes, text }) => {
  const ours = [...decodeText(Uint8Array.from(Buffer.from(bytes, 'hex')), sets, textDelimiters)];
  const theirs = [...text];
  const hex = (character: string | undefined) => character?.codePointAt(0)?.toString(16);
  const different = theirs.flatMap((peer, i) =>
    peer === ours[i] ? [] : [`${hex(ours[i])} for ${hex(peer)}`],
  );
  expect(ours.length).toBe(theirs.length);
  expect(different).toEqual(otherMapping[what] ?? []);
});

describe('names in files', () => {
  const namesOf = (dataset: Dataset): string[][] =>
    [...dataset.elements.values()].flatMap((element) => {
      if (element.items !== undefined) return element.items.flatMap(namesOf);
      if (element.vr !== 'PN') return [];
      const tag = element.tag.toString(16).toUpperCase().padStart(8, '0');
      return textsOf(dataset, element).map((value) => {
        const { alphabetic, ideographic, phonetic } = parsePersonName(value);
        return [tag, alphabetic, ideographic, phonetic];
      });
    });

  for (const { file, names } of fixture.names) {
    const found = path.join(data, file);
    const present = existsSync(found);
    test.skipIf(!present)(`${file}${present ? '' : ' (skipped: not in HOUNSFIELD_DATA)'}`, () => {
      expect(namesOf(readDicomBytes(readFileSync(found)).dataset)).toEqual(names);
    });
  }
});

describe('code extensions', () => {
  const bytes = (...parts: readonly (string | readonly number[])[]) =>
    Uint8Array.from(
      parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part)),
    );
  const greek = [0x1b, 0x2d, 0x46, 0xc1];

  test('a delimiter of values brings back the first set', () => {
    const value = bytes(greek, '\\', [0xc1]);
    expect(decodeText(value, ['ISO 2022 IR 100', 'ISO 2022 IR 126'])).toBe('\u0391\\\u00c1');
  });

  test.each(['^', '='])('in a name, %s brings back the first set', (delimiter) => {
    const value = bytes(greek, delimiter, [0xc1]);
    const sets = ['ISO 2022 IR 100', 'ISO 2022 IR 126'];
    expect(decodeText(value, sets, nameDelimiters)).toBe(`\u0391${delimiter}\u00c1`);
    expect(decodeText(value, sets)).toBe(`\u0391${delimiter}\u0391`);
  });

  test('a backslash within a character of two bytes parts nothing', () => {
    const both = new TextEncoder().encode('x');
    expect(decodeText(Uint8Array.of(0x83, 0x5c, ...both), ['GBK']).length).toBe(2);
    expect(
      decodeText(bytes([0x1b, 0x24, 0x42, 0x21, 0x5c, 0x1b, 0x28, 0x42], 'x'), ['', 'ISO 2022 IR 87']),
    ).toBe('\uff0bx');
  });

  test.each([
    ['a set cut in its middle', [0x1b, 0x24, 0x42, 0x21], ['', 'ISO 2022 IR 87']],
    ['an escape at the end', [0x41, 0x1b], ['']],
    ['an unknown escape', [0x1b, 0x21, 0x21, 0x41], ['']],
    ['bytes that are no UTF-8', [0xff, 0xfe, 0x41], ['ISO_IR 192']],
  ] as const)('%s ends in text', (_, value, sets) => {
    expect(decodeText(Uint8Array.from(value), sets)).toMatch(/./u);
  });
});

test.each([
  [['ISO_IR 100'], true],
  [['', 'ISO 2022 IR 87'], true],
  [['ISO-IR 100'], true],
  [['ISO 2022 58'], true],
  [['GB18030'], true],
  [['WINDOWS'], false],
] as const)('areKnown(%j) is %s', (sets, known) => {
  expect(areKnown(sets)).toBe(known);
});
