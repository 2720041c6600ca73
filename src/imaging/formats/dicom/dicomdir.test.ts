import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { dataset } from './build-dataset.ts';
import { readFileSet } from './dicomdir.node.ts';
import {
  checkedFileId,
  type DirectoryRecord,
  directorySopClassUid,
  isDirectory,
  readDirectory,
} from './dicomdir.ts';
import { readDicomBytes } from './read-dicom.ts';
import { sequence } from './values.ts';
import { writeDicom } from './write-dicom.ts';

interface Record {
  readonly type: string;
  readonly file?: string[];
  /** Index of the record meant, or an offset that is none. */
  readonly next?: number;
  readonly lower?: number;
  readonly unused?: boolean;
}

/** A DICOMDIR of these records, whose offsets are put in once it is known where they lie. */
function dicomdir(records: readonly Record[], first = 0): Uint8Array {
  const write = (offsets: readonly number[]) =>
    writeDicom(
      dataset({
        FileSetID: 'TEST',
        OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity: offsets[first] ?? first,
        DirectoryRecordSequence: records.map(({ type, file, next, lower, unused }) => ({
          OffsetOfTheNextDirectoryRecord: next === undefined ? 0 : (offsets[next] ?? next),
          RecordInUseFlag: unused === true ? 0 : 0xffff,
          OffsetOfReferencedLowerLevelDirectoryEntity: lower === undefined ? 0 : (offsets[lower] ?? lower),
          DirectoryRecordType: type,
          ReferencedFileID: file,
        })),
      }),
      { sopClassUid: directorySopClassUid, sopInstanceUid: '2.25.1' },
    );
  const placed = sequence(readDicomBytes(write([])).dataset, 'DirectoryRecordSequence');
  return write(placed.map((item) => item.place?.offset ?? 0));
}

const show = (records: readonly DirectoryRecord[]): string =>
  records
    .map(({ type, children }) => (children.length === 0 ? type : `${type}(${show(children)})`))
    .join(' ');

const patient = { type: 'PATIENT', lower: 1 };
const study = { type: 'STUDY', lower: 2 };
const series = { type: 'SERIES', lower: 3 };
const image = { type: 'IMAGE', file: ['A', 'B'] };

describe('records of a DICOMDIR', () => {
  test.each([
    [
      'by their offsets',
      [patient, study, series, { ...image, next: 4 }, image],
      'PATIENT(STUDY(SERIES(IMAGE IMAGE)))',
      0,
    ],
    [
      'out of use',
      [patient, study, series, { ...image, next: 4 }, { ...image, unused: true }],
      'PATIENT(STUDY(SERIES(IMAGE)))',
      0,
    ],
    [
      'without offsets',
      [{ type: 'PATIENT' }, { type: 'STUDY' }, { type: 'SERIES' }, image],
      'PATIENT(STUDY(SERIES(IMAGE)))',
      1,
    ],
    ['in a circle', [patient, study, series, { ...image, next: 0 }], 'PATIENT(STUDY(SERIES(IMAGE)))', 1],
    [
      'with offsets to nowhere',
      [patient, study, series, { ...image, next: 99999 }],
      'PATIENT(STUDY(SERIES(IMAGE)))',
      1,
    ],
    ['none', [], '', 0],
  ])('%s', (_, records, tree, warnings) => {
    const directory = readDirectory(readDicomBytes(dicomdir(records)));
    expect(show(directory.records)).toBe(tree);
    expect(directory.warnings.length).toBe(warnings);
    expect(directory.fileSetId).toBe('TEST');
  });

  test('whose first is not where the directory says', () => {
    const directory = readDirectory(readDicomBytes(dicomdir([patient, study, series, image], 3)));
    expect(show(directory.records)).toBe('PATIENT(STUDY(SERIES(IMAGE)))');
    expect(directory.warnings.length).toBe(1);
  });

  test('in another object are refused', () => {
    const file = readDicomBytes(writeDicom(dataset({ SOPClassUID: '1.2', SOPInstanceUID: '1.3' })));
    expect(isDirectory(file)).toBe(false);
    expect(() => readDirectory(file)).toThrow(/DICOMDIR_MISSING_RECORDS/);
  });

  test.each([[['..', 'B']], [['/etc', 'passwd']], [['A/../../B']], [['C:']], [['']], [['.']], [['A\0']]])(
    'that name %j are refused',
    (file) => {
      expect(() => checkedFileId(file)).toThrow(/DICOMDIR_PATH_OUTSIDE/);
    },
  );
});

describe('a file set on disk', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-dicomdir-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const inside = path.join(folder, 'medium');
  mkdirSync(path.join(inside, 'a'), { recursive: true });
  writeFileSync(path.join(inside, 'a', 'b.dcm'), 'x');
  writeFileSync(path.join(folder, 'secret'), 'x');
  symlinkSync(path.join(folder, 'secret'), path.join(inside, 'LINK'));
  const withFile = (...file: string[]): string => {
    const target = path.join(inside, 'DICOMDIR');
    writeFileSync(target, dicomdir([patient, study, series, { type: 'IMAGE', file }]));
    return target;
  };

  test('is found in another case and with an ending', async () => {
    const set = await readFileSet(withFile('A', 'B'));
    expect(set.files.map((file) => path.relative(inside, file))).toEqual([path.join('a', 'b.dcm')]);
    expect(set.missing).toEqual([]);
  });

  test('says what is missing', async () => {
    const set = await readFileSet(withFile('A', 'C'));
    expect([set.files, set.missing]).toEqual([[], ['A/C']]);
  });

  test.each([[['..', 'secret']], [['LINK']]])('%j leaves the folder and is refused', async (file) => {
    await expect(readFileSet(withFile(...file))).rejects.toThrow(/DICOMDIR_PATH_OUTSIDE/);
  });
});

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const real = path.join(data, 'pydicom_dicom', 'test_files', 'dicomdirtests');
const present = existsSync(real);
const names = ['DICOMDIR', 'DICOMDIR-bigEnd', 'DICOMDIR-implicit', 'DICOMDIR-nooffset', 'DICOMDIR-reordered'];

describe(`DICOMDIRs of dicomdirtests${present ? '' : ' (skipped: no pydicom_dicom in HOUNSFIELD_DATA)'}`, () => {
  test.skipIf(!present).each([...names, 'DICOMDIR-nopatient'])('%s: the same files', async (name) => {
    const expected = await readFileSet(path.join(real, 'DICOMDIR'));
    const set = await readFileSet(path.join(real, name));
    expect(set.missing).toEqual([]);
    expect([...set.files].sort()).toEqual([...expected.files].sort());
    if (names.includes(name)) expect(show(set.directory.records)).toBe(show(expected.directory.records));
  });
});
