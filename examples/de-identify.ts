/**
 * De-identifies the files of a series and shows that the patient's name is left in none of them.
 * Run: npm run build && node dist/examples/de-identify.js
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  bytesSource,
  createDeidentifier,
  deidentifiedBytes,
  deidentifyDicom,
  readDicom,
  text,
} from '../src/imaging/index.ts';
import { writeCtSeries } from './made-up/ct-series.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-example-'));
await writeCtSeries(folder, 'Canary^Bird');
const originals = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name))));
const holds = (bytes: Uint8Array, words: string) => Buffer.from(bytes).toString('latin1').includes(words);
assert(originals.every((bytes) => holds(bytes, 'Canary^Bird') && holds(bytes, 'Canary Bird')));

// The same key gives the same pseudonyms, UIDs and shifts of dates: keep it secret, and only if files come later.
const deidentifier = await createDeidentifier({
  key: randomBytes(32),
  options: ['retainModifiedDates', 'cleanDescriptors'],
});
const cleaned: Uint8Array[] = [];
const series = new Set<string>();
for (const bytes of originals) {
  const done = await deidentifyDicom(bytesSource(bytes), deidentifier);
  cleaned.push(await deidentifiedBytes(done));
  series.add(done.seriesUid);
}
assert.equal(series.size, 1); // still one series, under another UID
assert(!series.has('2.25.1003'));
for (const secret of ['Canary', 'Bird', 'P-001', '20240102', '2.25.1002']) {
  assert(!cleaned.some((bytes) => holds(bytes, secret)), `${secret} is left`);
}

const { dataset } = await readDicom(cleaned[0]!);
assert.equal(text(dataset, 'PatientIdentityRemoved'), 'YES');
assert.equal(text(dataset, 'PatientName'), text(dataset, 'PatientID')); // a pseudonym, so that patients stay apart
assert.equal(text(dataset, 'Modality'), 'CT');
assert.match(text(dataset, 'StudyDate')!, /^20[12]\d{5}$/); // shifted, by the same days for all of a patient
console.log(
  `${cleaned.length} files, patient ${text(dataset, 'PatientID')}, ${text(dataset, 'StudyDescription') ?? 'no description'}`,
);
await rm(folder, { recursive: true });
