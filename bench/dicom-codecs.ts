import { existsSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { HounsfieldError } from '../src/errors.ts';
import {
  decodeFrame,
  type FetchedFrame,
  fetchFrame,
} from '../src/imaging/formats/dicom/pixels/decode-frame.ts';
import { type FrameDecoder, frameDecoder } from '../src/imaging/formats/dicom/pixels/frame-decoder.node.ts';
import { readDicom } from '../src/imaging/formats/dicom/read-dicom.ts';
import { fileSource } from '../src/imaging/formats/file-source.node.ts';
import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { machine, productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

const kinds = [
  { name: 'JPEG 2000', folder: 'J2KR', images: ['CT1', 'MR1', 'MR4', 'XA1'] },
  { name: 'JPEG-LS', folder: 'JLSL', images: ['CT1', 'MR3', 'MR4', 'XA1'] },
] as const;
const peers = ['gdcm', 'pylibjpeg', 'imagecodecs'] as const;
type Who = 'threads' | 'one thread' | (typeof peers)[number];

/** Compressed frames to values, beside the decoders that pydicom calls. */
export const dicomCodecs: Benchmark = {
  name: 'dicom-codecs',
  describe: 'JPEG 2000 and JPEG-LS frames of the WG-04 images, against GDCM, pylibjpeg and imagecodecs',
  options: [
    ['--rounds <n>', 'turns of each side, alternating', '9'],
    ['--frames <n>', 'frames a turn', '16'],
  ],
  async run(options, say) {
    const rounds = countOption(options, 'rounds');
    const frames = countOption(options, 'frames');
    const threads = Math.min(8, machine().cores);
    const side = startSide('pydicom', await peerPython(), [path.join(repository, 'bench', 'dicom_peer.py')]);
    const decoder = frameDecoder(threads);
    try {
      const figures: Figure[] = [];
      for (const kind of kinds) {
        say(`${kind.name} …`);
        figures.push(...(await contest(kind, side, decoder, rounds, frames)));
      }
      const { ms: _, ...versions } = await side.ask({ command: 'describe' });
      return {
        versions: { ...productVersions(), ...(versions as Record<string, string>) }, // the peer answers so
        settings: { rounds, frames, threads, images: kinds.map(({ images }) => images) },
        figures,
        notes: [
          'Milliseconds a frame, the mean of four lossless images; medians of alternating turns after one that is not counted.',
          'The peers decode frame after frame, as pydicom calls them; ours spreads the frames of a turn over threads, and is given with one thread, too.',
          'GDCM decodes JPEG 2000 on all processors by itself; the others use one.',
          'The first frame of every image has the same values on all sides.',
        ],
      };
    } finally {
      await Promise.all([side.close(), decoder.close()]);
    }
  },
};

function dataFolder(): string {
  const data = process.env['HOUNSFIELD_DATA'] ?? path.join(repository, '..', 'shared', 'data');
  const folder = path.join(data, 'dicom_codecs_wg04', 'WG04');
  if (existsSync(folder)) return folder;
  throw new HounsfieldError(
    'BENCH_DATA',
    `${folder} is not there. Name the folder of the data by HOUNSFIELD_DATA.`,
  );
}

async function contest(
  { name, folder, images }: (typeof kinds)[number],
  side: Side,
  decoder: FrameDecoder,
  rounds: number,
  count: number,
): Promise<Figure[]> {
  const alone = frameDecoder(0);
  const files = images.map((image) => path.join(dataFolder(), folder, `${image}_${folder}`));
  const fetched: FetchedFrame[] = [];
  for (const file of files) fetched.push(await agreed(file, side));
  const times: Record<Who, number[]> = {
    threads: [],
    'one thread': [],
    gdcm: [],
    pylibjpeg: [],
    imagecodecs: [],
  };
  const mine = async (by: FrameDecoder) => {
    const start = performance.now();
    for (const frame of fetched) await Promise.all(Array.from({ length: count }, () => by.decode(frame)));
    return (performance.now() - start) / (count * fetched.length);
  };
  const theirs = async (peer: (typeof peers)[number]) => {
    let sum = 0;
    for (const file of files)
      sum += millisecondsIn(await side.ask({ command: 'decode', decoder: peer, file, count }))[0]!;
    return sum / files.length;
  };
  for (let round = -1; round < rounds; round++) {
    const turn: Record<Who, number> = {
      threads: await mine(decoder),
      gdcm: await theirs('gdcm'),
      'one thread': await mine(alone),
      pylibjpeg: await theirs('pylibjpeg'),
      imagecodecs: await theirs('imagecodecs'),
    };
    if (round >= 0) for (const [who, ms] of Object.entries(turn)) times[who as Who].push(ms); // its own keys
    await pause(100);
  }
  return figuresOf(name, times);
}

function figuresOf(name: string, times: Readonly<Record<Who, number[]>>): Figure[] {
  const time = (who: Who, says: string): Figure => ({
    what: `${name}, ${says}`,
    value: median(times[who]),
    unit: 'ms',
    spread: spreadOf(times[who]),
  });
  return [
    time('threads', 'Hounsfield'),
    time('one thread', 'Hounsfield with one thread'),
    ...peers.flatMap((peer): Figure[] => [
      time(peer, peer),
      {
        what: `${name}, speed against ${peer}`,
        value: median(times[peer]) / median(times.threads),
        unit: 'x',
        spread: spreadOf(times.threads.map((ms, i) => times[peer][i]! / ms)),
        ...(peer === 'imagecodecs' ? {} : { target: { is: 'at least', value: 1 } as const }),
      },
    ]),
  ];
}

/** The frame of a file, once all sides have given the same values for it. */
async function agreed(name: string, side: Side): Promise<FetchedFrame> {
  const source = await fileSource(name);
  try {
    const file = await readDicom(source);
    const { values } = await decodeFrame(file, 0);
    const checksum = crc32(new Uint8Array(values.buffer));
    for (const decoder of peers) {
      const reply = await side.ask({ command: 'decode', decoder, file: name, count: 1, check: true });
      if (reply['checksum'] !== checksum) {
        throw new HounsfieldError('PEER_DISAGREES', `${decoder} gives other values for ${name}.`);
      }
    }
    return await fetchFrame(file, 0);
  } finally {
    await source.close();
  }
}
