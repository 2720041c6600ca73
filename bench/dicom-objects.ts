import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { HounsfieldError } from '../src/errors.ts';
import { readSegmentation } from '../src/imaging/formats/dicom/objects/read-segmentation.ts';
import { readStructureSet } from '../src/imaging/formats/dicom/objects/read-structure-set.ts';
import { structureMask } from '../src/imaging/formats/dicom/objects/structure-mask.ts';
import { readDicomBytes } from '../src/imaging/formats/dicom/read-dicom.ts';
import { fileSource } from '../src/imaging/formats/file-source.node.ts';
import { readNifti } from '../src/imaging/formats/nifti/read-nifti.ts';
import { sarcomaCase, saveCase, seriesCase, type WrittenCase } from '../test/peers/dicom-written-case.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

/** Derived DICOM objects written from real cases: validity by dciodvfy, values by highdicom and pydicom, masks by Dice. */
export const dicomObjects: Benchmark = {
  name: 'dicom-objects',
  describe:
    'segmentation, report, capture, PDF, parametric map, structure set of real cases against their peers',
  options: [],
  async run(_options, say) {
    const data = process.env['HOUNSFIELD_DATA'] ?? path.join(repository, '..', 'shared', 'data');
    const patient = path.join(data, 'sts_sarcoma_3d', 'dicom', 'STS_002');
    const folder = path.join(data, 'torchio_ct_dicom_series', 'dicom');
    if (!existsSync(patient) || !existsSync(folder)) throw missingData();
    const temporary = mkdtempSync(path.join(os.tmpdir(), 'dicom-objects-'));
    try {
      const modalities = ['CT', 'MR_T1', 'PET'];
      const cases = [...modalities.map((one) => sarcomaCase(patient, one)), seriesCase('torchio', folder)];
      const figures: Figure[] = [];
      for (const modality of modalities) figures.push(await dice(data, patient, modality));
      for (const one of cases) {
        say(`${one.name}: ${Object.keys(one.files).length} objects`);
        figures.push(...(await checks(one, path.join(temporary, one.name))));
      }
      return {
        versions: { ...productVersions(), ...validator() },
        settings: { cases: cases.map((one) => one.name) },
        figures,
        notes: NOTES,
      };
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  },
};

const NOTES = [
  'dciodvfy: two errors of each label map are its own and not counted: it does not know the class (younger than it), and ' +
    'takes segment 0, the background (PS3.3 C.8.20.2.3: every value needs an item), for a gap.',
  'read by peers: objects that highdicom (segmentations, parametric map, report) and pydicom (captures, PDF, structure set) open.',
  'written and read: voxels of all segmentations and of the structure set that differ from the label map.',
];

function missingData(): HounsfieldError {
  return new HounsfieldError(
    'BENCH_DATA',
    'sts_sarcoma_3d or torchio_ct_dicom_series is not there. Name the folder of the data by HOUNSFIELD_DATA.',
  );
}

function validator(): Record<string, string> {
  const said = spawnSync('dciodvfy', ['-version'], { encoding: 'utf8' });
  const version = /\d{14}|\d+\.\d+[.\d]*/.exec(`${said.stdout}${said.stderr}`)?.[0] ?? 'as installed';
  return { dciodvfy: version };
}

/** The structure set of a modality filled on its series, against the mask that comes with it. */
async function dice(data: string, patient: string, modality: string): Promise<Figure> {
  const { map } = sarcomaCase(patient, modality);
  const file = path.join(data, 'sts_sarcoma_3d', 'nifti', 'STS_002', `${modality}_mask.nii.gz`);
  const source = await fileSource(file);
  const given = (await readNifti(source)).pixels;
  await source.close();
  let [both, sum] = [0, 0];
  for (let i = 0; i < map.pixels.length; i++) {
    const [own, theirs] = [map.pixels[i] !== 0, given[i] !== 0];
    if (own && theirs) both++;
    sum += Number(own) + Number(theirs);
  }
  const value = (2 * both) / sum;
  return {
    what: `${modality}: Dice, RTSTRUCT and given mask`,
    value,
    unit: '',
    target: { is: 'at least', value: 0.98 },
  };
}

const explained =
  /Information Object Not found|SegmentNumber not monotonically increasing .* with SegmentNumber of 0/;

async function checks(one: WrittenCase, folder: string): Promise<Figure[]> {
  const files = saveCase(one, folder);
  let errors = 0;
  for (const [kind, file] of Object.entries(files)) {
    const { stdout, stderr } = spawnSync('dciodvfy', [file], { encoding: 'utf8' });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('Error'));
    errors += lines.filter((line) => !kind.includes('labelmap') || !explained.test(line)).length;
  }
  const script = path.join(repository, 'scripts', 'peers', 'dicom_objects_check.py');
  const said = JSON.parse(execFileSync(await peerPython(), [script, folder], { encoding: 'utf8' })) as Record<
    string,
    { error?: string }
  >; // printed by the script
  const refused = Object.values(said).filter((read) => read.error !== undefined).length;
  return [
    { what: `${one.name}: dciodvfy errors`, value: errors, unit: '', target: { is: 'at most', value: 0 } },
    {
      what: `${one.name}: objects that peers refuse`,
      value: refused,
      unit: '',
      target: { is: 'at most', value: 0 },
    },
    {
      what: `${one.name}: voxels that differ after writing and reading`,
      value: await differing(one, files),
      unit: '',
      target: { is: 'at most', value: 0 },
    },
  ];
}

async function differing({ map, series }: WrittenCase, files: Record<string, string>): Promise<number> {
  let count = 0;
  for (const [kind, file] of Object.entries(files)) {
    const bytes = new Uint8Array(readFileSync(file));
    if (kind.startsWith('rt')) {
      const { rois } = readStructureSet(readDicomBytes(bytes).dataset);
      const back = structureMask(rois, series).pixels;
      for (let i = 0; i < back.length; i++) if ((back[i] !== 0) !== (map.pixels[i] !== 0)) count++;
    }
    if (!kind.startsWith('seg')) continue;
    const read = await readSegmentation(readDicomBytes(bytes), { grid: series });
    if (read.kind === 'FRACTIONAL') throw new Error('labels were written');
    for (let i = 0; i < map.pixels.length; i++) if (read.labels.pixels[i] !== map.pixels[i]) count++;
  }
  return count;
}
