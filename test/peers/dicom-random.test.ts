import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { rewriteDicomToBytes } from '../../src/imaging/formats/dicom/rewrite-dicom.ts';
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from '../../src/imaging/formats/dicom/transfer-syntax.ts';
import { canonicalElements, elementChecksum } from './canonical-elements.ts';
import { peerFixture, sha256 } from './peer-fixture.ts';
import { randomDicom } from './random-dicom.ts';

interface Case {
  readonly name: string;
  readonly sha256: string;
  readonly elements: readonly string[];
}

const cases = peerFixture<readonly Case[]>('dicom/random.json');
const said = new Map(cases.map((one) => [one.name, one]));

describe.each(randomDicom())('random data set, $name', ({ name, dataset, bytes }) => {
  const file = readDicomBytes(bytes);

  test('is read back as it was made', async () => {
    const inMemory: DicomFile = { ...file, dataset };
    const made = await canonicalElements(inMemory, dataset);
    const read = await canonicalElements(file, file.dataset, 'little endian');
    expect(file.warnings).toEqual([]);
    expect(read.filter(([tag]) => tag !== '00080005')).toEqual(made);
  });

  test('is read by pydicom with the same elements and values', async () => {
    const elements = [
      ...(await canonicalElements(file, file.meta)),
      ...(await canonicalElements(file, file.dataset)),
    ];
    expect(sha256(bytes)).toBe(said.get(name)?.sha256);
    expect(elements.map(elementChecksum)).toEqual(said.get(name)?.elements);
  });
});

const dcmdump = spawnSync('dcmdump', ['--version']).status === 0;

describe(`dcmdump${dcmdump ? '' : ' (skipped: dcmdump of DCMTK is not installed)'}`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-dcmdump-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const syntaxes = [implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian];

  test.skipIf(!dcmdump).each(syntaxes)('has no complaint of what is written again in %s', async (target) => {
    for (const [i, { bytes, name }] of randomDicom().entries()) {
      if (i % 8 > 1) continue;
      const file = path.join(folder, `${i}.dcm`);
      writeFileSync(
        file,
        await rewriteDicomToBytes(readDicomBytes(bytes), undefined, { transferSyntaxUid: target }),
      );
      const said = spawnSync('dcmdump', [file], { encoding: 'utf8' });
      expect([said.status, said.stderr], name).toEqual([0, '']);
    }
  });
});
