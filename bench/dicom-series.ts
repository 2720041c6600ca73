import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { HounsfieldError } from '../src/errors.ts';
import { dataset } from '../src/imaging/formats/dicom/build-dataset.ts';
import { readDicomSeries } from '../src/imaging/formats/dicom/series/read-dicom-series.node.ts';
import { newUid } from '../src/imaging/formats/dicom/uid.ts';
import { writeDicom } from '../src/imaging/formats/dicom/write-dicom.ts';
import { RandomStream } from '../src/random.ts';
import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { millisecondsIn, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const ways = ['modality-lut', 'by-hand'] as const;
const names = {
  'modality-lut': 'pydicom, apply_modality_lut',
  'by-hand': 'pydicom, one addition written by hand',
};

/** A CT series on disk to a volume of Hounsfield units, beside pydicom. */
export const dicomSeries: Benchmark = {
  name: 'dicom-series',
  describe: 'a CT series of 512 x 512 slices in a folder to a volume of Hounsfield units, against pydicom',
  options: [
    ['--slices <n>', 'files of the series', '500'],
    ['--rounds <n>', 'turns of each side, alternating', '9'],
  ],
  async run(options, say) {
    const slices = countOption(options, 'slices');
    const rounds = countOption(options, 'rounds');
    const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-ct-'));
    const peer = startSide('pydicom', await peerPython(), [path.join(repository, 'bench', 'dicom_peer.py')]);
    try {
      say(`writing ${slices} slices …`);
      await writeSeries(folder, slices);
      const times: Record<'ours' | (typeof ways)[number], number[]> = {
        ours: [],
        'modality-lut': [],
        'by-hand': [],
      };
      for (let round = -1; round < rounds; round++) {
        const mine = await timed(() => readDicomSeries(folder));
        if (round >= 0) times.ours.push(mine.ms);
        const checksum = crc32(new Uint8Array(mine.result.pixels.buffer));
        for (const way of ways) {
          const reply = await peer.ask({ command: 'series', way, folder, check: true });
          if (reply['checksum'] !== checksum) throw different(way);
          if (round >= 0) times[way].push(...millisecondsIn(reply));
          await pause(100);
        }
      }
      const { pydicom, numpy } = await peer.ask({ command: 'describe' });
      return {
        versions: { ...productVersions(), pydicom: String(pydicom), numpy: String(numpy) },
        settings: { slices, rounds },
        figures: figuresOf(times),
        notes: [
          'Files in the cache of the disk; medians of alternating turns after one that is not counted. The volumes are the same to the bit.',
          'Ours sorts by position, checks spacing, orientation, duplicates, tilt, patient and study; the peer sorts by z alone.',
        ],
      };
    } finally {
      await peer.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function different(way: string): HounsfieldError {
  return new HounsfieldError('PEER_DISAGREES', `the volume is not the one that pydicom gives (${way}).`);
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

function figuresOf(times: Readonly<Record<'ours' | (typeof ways)[number], number[]>>): Figure[] {
  const time = (who: keyof typeof times, name: string): Figure => ({
    what: name,
    value: median(times[who]),
    unit: 'ms',
    spread: spreadOf(times[who]),
  });
  return [
    time('ours', 'Hounsfield'),
    ...ways.flatMap((way): Figure[] => {
      const ratios = times.ours.map((ms, i) => times[way][i]! / ms);
      const speed: Figure = {
        what: `speed against ${names[way]}`,
        value: median(times[way]) / median(times.ours),
        unit: 'x',
        spread: spreadOf(ratios),
        ...(way === 'modality-lut' ? { target: { is: 'at least', value: 2 } } : {}),
      };
      return [time(way, names[way]), speed];
    }),
  ];
}

/** A phantom with noise, file names in another order than positions. */
async function writeSeries(folder: string, slices: number): Promise<void> {
  const shared = {
    SOPClassUID: CT,
    Modality: 'CT',
    PatientID: 'PHANTOM',
    PatientName: 'Phantom',
    ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    StudyInstanceUID: newUid(),
    SeriesInstanceUID: newUid(),
    FrameOfReferenceUID: newUid(),
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    PixelSpacing: [0.9765625, 0.9765625],
    SliceThickness: 1.25,
    Rows: 512,
    Columns: 512,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
    RescaleIntercept: -1024,
    RescaleSlope: 1,
    RescaleType: 'HU',
    WindowCenter: 40,
    WindowWidth: 400,
  };
  const noise = new RandomStream({ seed: 1, purpose: 'phantom', epoch: 0, step: 0 });
  const pixels = new Int16Array(512 * 512);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [(i % 512) - 256, (i >> 9) - 256];
    pixels[i] = 1000 * Math.exp(-(x * x + y * y) / 20000) + noise.integer(30);
  }
  for (let i = 0; i < slices; i++) {
    for (let j = i; j < pixels.length; j += 97) pixels[j] = (pixels[j]! + 7 * i) % 2000;
    const file = dataset({
      ...shared,
      SOPInstanceUID: newUid(),
      InstanceNumber: i + 1,
      ImagePositionPatient: [-250, -250, i * 1.25],
      PixelData: new Uint8Array(pixels.buffer),
    });
    const name = `${String((i * 7919) % 1_000_003).padStart(7, '0')}.dcm`;
    await writeFile(path.join(folder, name), writeDicom(file));
  }
}
