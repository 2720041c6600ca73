import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { functionalGroups, groupItems } from '../../src/imaging/formats/dicom/objects/functional-groups.ts';
import { sameGrid } from '../../src/imaging/formats/dicom/objects/grid-mapping.ts';
import { readSegmentation } from '../../src/imaging/formats/dicom/objects/read-segmentation.ts';
import { sourceSeries } from '../../src/imaging/formats/dicom/objects/source-series.ts';
import { writeSegmentation } from '../../src/imaging/formats/dicom/objects/write-segmentation.ts';
import { readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { readDicomSeries } from '../../src/imaging/formats/dicom/series/read-dicom-series.node.ts';
import { has, numbers, sequence, texts } from '../../src/imaging/formats/dicom/values.ts';
import { labelMap } from '../../src/imaging/image/medical-image.ts';
import { nrrdVoxels } from './dicom-nrrd.ts';
import { bytesOfArray, sha256, sharedData } from './dicom-objects-fixture.ts';
import { fixedIdentity, madeLabelMap, madeLabels, oblique, placedSeries } from './dicom-source-series.ts';
import { madeCase, sarcomaCase, saveCase, seriesCase, type WrittenCase } from './dicom-written-case.ts';

const temporary = mkdtempSync(path.join(os.tmpdir(), 'dicom-written-'));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const onPath = (program: string): boolean => spawnSync('which', [program]).status === 0;
const python = process.env['HOUNSFIELD_PEERS_PYTHON'];
const dcmqi = python === undefined ? undefined : path.join(path.dirname(python), 'segimage2itkimage');
const hasDcmqi = dcmqi !== undefined && existsSync(dcmqi);
const without = (there: boolean, what: string): string => (there ? '' : ` (skipped: no ${what})`);

const sarcoma = sharedData('sts_sarcoma_3d/dicom/STS_002');
const torchio = sharedData('torchio_ct_dicom_series/dicom');
const makers: readonly [name: string, there: boolean, skipped: string, make: () => WrittenCase][] = [
  ['made', true, '', () => madeCase()],
  ['oblique', true, '', () => madeCase(oblique)],
  ...['CT', 'MR_T1', 'PET'].map((modality): [string, boolean, string, () => WrittenCase] => [
    modality,
    sarcoma.there,
    sarcoma.skipped,
    () => sarcomaCase(sarcoma.path, modality),
  ]),
  ['torchio', torchio.there, torchio.skipped, () => seriesCase('torchio', torchio.path)],
];

const cases = new Map<string, { one: WrittenCase; folder: string; files: Record<string, string> }>();
function caseNamed(name: string, make: () => WrittenCase) {
  const there = cases.get(name);
  if (there) return there;
  const one = make();
  const folder = path.join(temporary, name);
  const fresh = { one, folder, files: saveCase(one, folder) };
  cases.set(name, fresh);
  return fresh;
}

/** Errors of this dciodvfy that are its own: the label map's class is younger than it, and numbers its background 0 (PS3.3 C.8.20.2.3). */
const explained =
  /Information Object Not found|SegmentNumber not monotonically increasing from one by one - .* with SegmentNumber of 0/;

describe.each(makers)('written from %s', (name, there, skipped, make) => {
  const isValid = onPath('dciodvfy');
  test.skipIf(!there || !isValid)(`dciodvfy has no error${skipped}${without(isValid, 'dciodvfy')}`, () => {
    const { files } = caseNamed(name, make);
    for (const [kind, file] of Object.entries(files)) {
      const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
      const errors = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('Error'));
      const left = kind.includes('labelmap') ? errors.filter((line) => !explained.test(line)) : errors;
      expect(left, kind).toEqual([]);
    }
  });

  test.skipIf(!there || !python)(
    `highdicom and pydicom read the same values${skipped}${without(python !== undefined, 'HOUNSFIELD_PEERS_PYTHON')}`,
    () => {
      const { one, folder } = caseNamed(name, make);
      const script = fileURLToPath(new URL('../../scripts/peers/dicom_objects_check.py', import.meta.url));
      const said = JSON.parse(execFileSync(python!, [script, folder], { encoding: 'utf8' })) as Record<
        string,
        Record<string, unknown>
      >; // printed by the script
      expect(Object.entries(said).filter(([, values]) => values['error'] !== undefined)).toEqual([]);
      const { width, height, depth } = one.series;
      const plane = width * height;
      const whole = Uint16Array.from(one.map.pixels as ArrayLike<number>);
      const slices = Array.from({ length: depth }, (_, z) => z).filter((z) =>
        whole.subarray(z * plane, (z + 1) * plane).some((v) => v !== 0),
      );
      const shown = whole.subarray(slices[0]! * plane, (slices.at(-1)! + 1) * plane);
      const labels = one.map.labels.map((label) => [label.value, label.name, label.type!.value]);
      expect(said['seg-binary']).toMatchObject({
        shape: [shown.length / plane, height, width],
        sha256: sha256(bytesOfArray(shown)),
        labels,
      });
      for (const kind of ['seg-labelmap', 'seg-labelmap-rle']) {
        expect(said[kind], kind).toMatchObject({
          shape: [depth, height, width],
          sha256: sha256(bytesOfArray(whole)),
          labels,
        });
      }
      const position = said['seg-labelmap']!['firstPosition'] as number[];
      [3, 7, 11].forEach((at, axis) => {
        expect(Math.abs(position[axis]! - one.series.geometry.affine[at]!)).toBeLessThan(1e-6);
      });
      expect(said['pm-float']).toEqual({
        shape: [depth, height, width],
        sha256: sha256(bytesOfArray(one.quantity.pixels)),
      });
      const grey = Uint16Array.from((one.picture.pixels as Uint8Array).subarray(0, plane));
      expect(said['sc-grey-rle']).toEqual({
        shape: [height, width],
        sha256: sha256(bytesOfArray(grey)),
        burnedIn: 'YES',
      });
      const colour = Uint16Array.from(
        { length: plane * 3 },
        (_, i) => one.picture.pixels[(i % 3) * plane + Math.floor(i / 3)]!,
      );
      expect(said['sc-colour']).toEqual({
        shape: [height, width, 3],
        sha256: sha256(bytesOfArray(colour)),
        burnedIn: 'NO',
      });
      expect(said['pdf-report']).toEqual({ sha256: sha256(one.pdf), title: 'A report' });
      expect(said['rt-keyhole']!['rois']).toEqual(one.map.labels.map((label) => label.name));
      expect(said['sr-measurements']!['groups']).toEqual([
        expect.objectContaining({
          kind: 'planar',
          trackingId: 'slice',
          finding: '108369006',
          measurements: [['42798000', 12.5, 'mm2']],
        }),
        expect.objectContaining({
          kind: 'volumetric',
          trackingId: 'mass',
          trackingUid: '2.25.4711',
          measurements: [['118565006', one.volumeMm3, 'mm3']],
          evaluations: [['112058', '272519000']],
        }),
      ]);
    },
  );

  const isDrawn = onPath('plastimatch');
  test.skipIf(!there || !hasDcmqi || !isDrawn)(
    `dcmqi's segmentation and plastimatch's mask are the labels${skipped}${without(hasDcmqi, 'dcmqi')}${without(isDrawn, 'plastimatch')}`,
    () => {
      const { one, folder, files } = caseNamed(name, make);
      const out = path.join(folder, 'dcmqi');
      mkdirSync(out, { recursive: true });
      execFileSync(
        dcmqi!,
        [
          '--inputDICOM',
          files['seg-binary']!,
          '--outputDirectory',
          out,
          '--outputType',
          'nrrd',
          '--prefix',
          's',
        ],
        { stdio: 'ignore' },
      );
      one.map.labels.forEach((label, i) => {
        const theirs = nrrdVoxels(path.join(out, `s-${i + 1}.nrrd`));
        const ours = Array.from(one.map.pixels).filter((value) => value === label.value).length;
        expect(theirs.filter((value) => value !== 0).length, label.name).toBe(ours);
      });
      const prefix = path.join(folder, 'plastimatch');
      execFileSync(
        'plastimatch',
        [
          'convert',
          '--input',
          files['rt-keyhole']!,
          '--fixed',
          path.join(out, 's-1.nrrd'),
          '--output-prefix',
          prefix,
          '--prefix-format',
          'nrrd',
        ],
        { stdio: 'ignore' },
      );
      const drawn = nrrdVoxels(path.join(prefix, `${one.map.labels[0]!.name}.nrrd`));
      const segment = nrrdVoxels(path.join(out, 's-1.nrrd'));
      expect(drawn.length).toBe(segment.length);
      let differing = 0;
      for (let i = 0; i < drawn.length; i++) if ((drawn[i] !== 0) !== (segment[i] !== 0)) differing++;
      expect(differing).toBe(0);
    },
  );
});

const enhanced = sharedData('dicom_codecs_wg04/dcmqi/segmentations/24x38x3/multiframe/mf.dcm');
test.skipIf(!enhanced.there || !onPath('dciodvfy'))(
  `a segmentation of a multi-frame image refers to its frames${enhanced.skipped}`,
  async () => {
    const { dataset } = readDicomBytes(new Uint8Array(readFileSync(enhanced.path)));
    const series = placedSeries([dataset]);
    const map = madeLabelMap(series);
    const bytes = writeSegmentation(map, [dataset], { algorithm: { type: 'MANUAL' }, ...fixedIdentity() });
    const file = path.join(temporary, 'enhanced.dcm');
    writeFileSync(file, bytes);
    const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('Error'))).toEqual([]);
    const read = await readSegmentation(readDicomBytes(bytes), { grid: series });
    expect(read.kind !== 'FRACTIONAL' && Array.from(read.labels.pixels)).toEqual(Array.from(map.pixels));
    const groups = functionalGroups(readDicomBytes(bytes).dataset, 1);
    const derivation = groupItems(groups, 0, 'DerivationImageSequence')[0]!;
    expect(numbers(sequence(derivation, 'SourceImageSequence')[0]!, 'ReferencedFrameNumber')).toHaveLength(1);
  },
);

const radiograph = sharedData('highdicom_dicom/data/test_files/dx_image.dcm');
test.skipIf(!radiograph.there || !onPath('dciodvfy'))(
  `a segmentation of a radiograph has no error${radiograph.skipped}`,
  async () => {
    const { dataset } = readDicomBytes(new Uint8Array(readFileSync(radiograph.path)));
    const { width, height } = sourceSeries([dataset]);
    const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i % width < 50 ? 1 : 2));
    const map = labelMap(pixels, { width, height }, madeLabels);
    const bytes = writeSegmentation(map, [dataset], { algorithm: { type: 'MANUAL' }, ...fixedIdentity() });
    const file = path.join(temporary, 'radiograph.dcm');
    writeFileSync(file, bytes);
    const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('Error'))).toEqual([]);
    const read = await readSegmentation(readDicomBytes(bytes), { grid: map });
    expect(read.kind !== 'FRACTIONAL' && read.labels.pixels).toEqual(pixels);
  },
);

test.skipIf(!sarcoma.there || !torchio.there)(
  `a series read as an image lies on the grid that objects are written on${sarcoma.skipped}`,
  async () => {
    for (const folder of [
      path.join(sarcoma.path, 'CT', 'image'),
      path.join(sarcoma.path, 'PET', 'image'),
      torchio.path,
    ]) {
      const image = await readDicomSeries(folder);
      const headers = readdirSync(folder).map(
        (name) => readDicomBytes(new Uint8Array(readFileSync(path.join(folder, name)))).dataset,
      );
      expect(sameGrid(image, placedSeries(headers)), folder).toBe(true);
      expect(image.geometry!.frameOfReferenceUid).toBe(placedSeries(headers).frameOfReferenceUid);
    }
  },
);

const orthanc = existsSync('/usr/sbin/Orthanc') && onPath('storescu');

test.skipIf(!orthanc)(`Orthanc stores all of them${without(orthanc, 'Orthanc or storescu')}`, async () => {
  const { startOrthanc } = await import('./dicom-orthanc.ts');
  const server = await startOrthanc(path.join(temporary, 'orthanc'));
  try {
    const { files } = caseNamed('made', () => madeCase());
    const plain = Object.entries(files);
    for (const [kind, file] of plain) {
      if (kind.includes('labelmap')) {
        await server.store(readFileSync(file)); // the class is younger than this storescu
        continue;
      }
      const syntax = kind.endsWith('rle') ? '-xr' : '-xe';
      const to = ['-aec', 'ORTHANC', '127.0.0.1', String(server.dicomPort)];
      const sent = spawnSync('storescu', ['-R', syntax, ...to, file], { encoding: 'utf8' });
      expect(`${kind} ${sent.status} ${sent.stderr}`).toBe(`${kind} 0 `);
    }
    const stored = await server.get<string[]>('/instances');
    expect(stored.length).toBe(plain.length);
    for (const instance of stored) {
      const bytes = await server.bytes(`/instances/${instance}/file`);
      const { dataset } = readDicomBytes(bytes);
      expect(texts(dataset, 'StudyInstanceUID')).toEqual(['2.25.1']);
      expect(has(dataset, 'SOPClassUID')).toBe(true);
    }
  } finally {
    await server.stop();
  }
});
