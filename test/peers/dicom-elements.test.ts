import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../src/errors.ts';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { readDicom, readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import { canonicalElements, elementChecksum } from './canonical-elements.ts';
import { fixturePath, sha256 } from './peer-fixture.ts';

interface Case {
  readonly file: string;
  readonly refused: string;
  readonly elements: readonly string[];
}

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** Where Hounsfield and pydicom differ, why, and in which elements ('file' for the whole of it). */
const exceptions: Readonly<Record<string, readonly [reason: string, differ: 'file' | readonly string[]]>> = {
  'dicom_malformed/cat06_private_tags/TC0357_stray_item_tag.dcm': [
    'an item outside of any sequence: pydicom keeps it as an element that cannot be read, here it is passed over',
    ['FFFEE000'],
  ],
  'dicom_malformed/cat06_private_tags/TC0361_stray_seq_delim.dcm': [
    'a delimiter outside of any sequence: pydicom keeps it as an element that cannot be read, here it is passed over',
    ['FFFEE0DD'],
  ],
  'dicom_malformed/cat06_private_tags/TC0363_tag_order_violation.dcm': [
    'a VR that the standard does not know: pydicom refuses the element, here the dictionary gives its VR',
    ['00040000'],
  ],
  'dicom_malformed/cat07_file_meta/TC0383_no_dicm.dcm': [
    'a preamble without its prefix: pydicom takes the preamble for elements, here the meta group after it is found',
    'file',
  ],
  'dicom_malformed/cat07_file_meta/TC0391_meta_glen_zero.dcm': [
    'a meta group of nonsense: pydicom refuses the file, here the elements before it are read and warned of',
    'file',
  ],
  'dicom_codecs_wg04/pydicom/emri_small_jpeg_2k_lossless_too_short.dcm': [
    'the file ends within its pixel data: pydicom loses the data set, here all of it and the whole fragments are read',
    'file',
  ],
};

function loadCases(): readonly Case[] {
  const text = gunzipSync(readFileSync(fixturePath('dicom/elements.json.gz'))).toString();
  const fixture = JSON.parse(text) as { sha256: string; cases: readonly Case[] }; // scripts/peers/dicom_elements.py wrote it
  const payload = text.slice(text.indexOf('"cases":') + 8, text.lastIndexOf('}'));
  if (sha256(Buffer.from(payload)) !== fixture.sha256)
    throw new Error('fixtures/dicom/elements.json.gz is damaged');
  return fixture.cases;
}

const cases = loadCases();
const sets = [...new Set(cases.map(({ file }) => file.slice(0, file.indexOf('/'))))];

async function checksums(file: DicomFile): Promise<readonly string[]> {
  const elements = [
    ...(await canonicalElements(file, file.meta)),
    ...(await canonicalElements(file, file.dataset)),
  ];
  return elements.map(elementChecksum);
}

/** Tags in which two lists of checksums differ; how a value reads is shown by the peer script, given the file. */
function differing(ours: readonly string[], theirs: readonly string[]): string[] {
  const [a, b] = [new Set(ours), new Set(theirs)];
  const rows = [...ours.filter((row) => !b.has(row)), ...theirs.filter((row) => !a.has(row))];
  return [...new Set(rows.map((row) => row.slice(0, 8)))].sort();
}

async function differences({ file, refused, elements }: Case): Promise<string[]> {
  try {
    return differing(await checksums(readDicomBytes(readFileSync(path.join(data, file)))), elements);
  } catch (error) {
    if (isHounsfieldError(error) && refused !== '') return [];
    return [String(error)];
  }
}

describe.each(sets)('%s', (set) => {
  const own = cases.filter(({ file }) => file.startsWith(`${set}/`));
  const present = existsSync(path.join(data, set));
  const skipped = present ? '' : ` (skipped: no ${set} in HOUNSFIELD_DATA)`;

  test.skipIf(!present)(
    `${own.length} files: elements and values as pydicom reads them${skipped}`,
    async () => {
      const wrong: Record<string, readonly string[]> = {};
      for (const one of own) {
        const found = await differences(one);
        const allowed = exceptions[one.file]?.[1];
        const expected = allowed === undefined ? [] : allowed;
        if (expected === 'file' ? found.length === 0 : found.join() !== expected.join())
          wrong[one.file] = found;
      }
      expect(wrong).toEqual({});
    },
  );

  test.skipIf(!present)(
    `${own.length} files: read from disk piece by piece, the same${skipped}`,
    async () => {
      for (const { file } of own) {
        const bytes = readFileSync(path.join(data, file));
        const source = await fileSource(path.join(data, file));
        const [whole, pieces] = await Promise.all([
          Promise.resolve(bytes)
            .then((given) => checksums(readDicomBytes(given)))
            .catch((error: unknown) => (isHounsfieldError(error) ? error.code : String(error))),
          readDicom(source)
            .then(checksums)
            .catch((error: unknown) => (isHounsfieldError(error) ? error.code : String(error))),
        ]);
        await source.close();
        expect(pieces, file).toEqual(whole);
      }
    },
  );
});
