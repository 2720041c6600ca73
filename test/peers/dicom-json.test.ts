import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { datasetToJson, type JsonDataset } from '../../src/imaging/formats/dicom/json-model.ts';
import { readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { fixturePath, sha256 } from './peer-fixture.ts';

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const text = gunzipSync(readFileSync(fixturePath('dicom/json-model.json.gz'))).toString();
const fixture = JSON.parse(text) as {
  sha256: string;
  cases: readonly { file: string; model: JsonDataset }[];
}; // scripts/peers/dicom_json.py wrote it
const { cases } = fixture;
if (sha256(Buffer.from(text.slice(text.indexOf('"cases":') + 8, -1))) !== fixture.sha256)
  throw new Error('fixtures/dicom/json-model.json.gz is damaged');

/** Long inline values by their checksum, as the fixture has them. */
const shortened = (model: JsonDataset): JsonDataset =>
  Object.fromEntries(
    Object.entries(model).map(([tag, attribute]) => {
      const { InlineBinary: inline } = attribute;
      return inline === undefined || inline.length <= 200
        ? [tag, attribute]
        : [tag, { ...attribute, InlineBinary: sha256(Buffer.from(inline)) }];
    }),
  );

describe.each(cases)('$file', ({ file, model }) => {
  const full = path.join(data, file);
  const present = existsSync(full);
  test.skipIf(!present)(
    `its JSON model is pydicom's${present ? '' : ' (skipped: not in HOUNSFIELD_DATA)'}`,
    () => {
      const { dataset } = readDicomBytes(readFileSync(full));
      const ours = shortened(datasetToJson(dataset, { bulkDataUri: () => 'bulk' }));
      expect(JSON.parse(JSON.stringify(ours))).toEqual(model);
    },
  );
});
