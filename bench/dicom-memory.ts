import { execFile } from 'node:child_process';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { HounsfieldError } from '../src/errors.ts';
import { dataset } from '../src/imaging/formats/dicom/build-dataset.ts';
import { encodeRle } from '../src/imaging/formats/dicom/objects/rle-encoder.ts';
import { decodeFrame } from '../src/imaging/formats/dicom/pixels/decode-frame.ts';
import { readDicom } from '../src/imaging/formats/dicom/read-dicom.ts';
import { newUid } from '../src/imaging/formats/dicom/uid.ts';
import { writeDicom } from '../src/imaging/formats/dicom/write-dicom.ts';
import { fileSource } from '../src/imaging/formats/file-source.node.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { memoryMB, productVersions } from './machine.ts';
import { countOption } from './number-option.ts';

const SIDE = 512;
const FRAME = SIDE * SIDE * 2;
const RLE = '1.2.840.10008.1.2.5';

/** How much memory a large multi-frame file takes when it is read frame by frame. */
export const dicomMemory: Benchmark = {
  name: 'dicom-memory',
  describe: 'a multi-frame file of more than 1 GB opened and read frame by frame: how far the memory grows',
  options: [['--frames <n>', 'frames of 512 x 512, 16 bits', '2000']],
  async run(options, say) {
    const frames = countOption(options, 'frames');
    const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-frames-'));
    try {
      const figures: Figure[] = [];
      for (const kind of ['uncompressed', 'RLE'] as const) {
        const file = path.join(folder, `${kind}.dcm`);
        const size = kind === 'RLE' ? await writeRle(file, frames) : await writeNative(file, frames);
        const { growth, opened } = await readAll(file, frames);
        say(`${kind}: ${(size / 1e9).toFixed(2)} GB, memory grew by ${growth.toFixed(0)} MB`);
        figures.push(
          {
            what: `${kind}, ${(size / 1e9).toFixed(2)} GB: memory more than before, at most`,
            value: growth,
            unit: 'MB',
            target: { is: 'at most', value: 200 },
          },
          {
            what: `${kind}: memory of a process that does nothing else, Node.js with it, at most`,
            value: await wholeProcess(file, frames),
            unit: 'MB',
            target: { is: 'at most', value: 200 },
          },
          { what: `${kind}: opened without its pixels`, value: opened, unit: 'ms' },
        );
        await rm(file);
      }
      return {
        versions: productVersions(),
        settings: { frames },
        figures,
        notes: [
          'Resident memory after each frame, less what the process held before the file was opened. Every frame is checked.',
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Largest resident memory, MB, of a process that reads the frames. */
async function wholeProcess(file: string, frames: number): Promise<number> {
  const script = path.join(import.meta.dirname, 'read-frames.js');
  const { stdout } = await promisify(execFile)(process.execPath, [script, file, String(frames)]);
  return Number(stdout);
}

function header(frames: number, syntax?: string): Uint8Array {
  const values = dataset({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.3',
    SOPInstanceUID: newUid(),
    StudyInstanceUID: newUid(),
    SeriesInstanceUID: newUid(),
    Modality: 'OT',
    NumberOfFrames: frames,
    Rows: SIDE,
    Columns: SIDE,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 0,
  });
  const plain = writeDicom(values);
  if (syntax === undefined) return plain;
  // The meta group's transfer syntax, in the same number of bytes.
  const text = new TextDecoder('latin1').decode(plain);
  const at = text.indexOf('1.2.840.10008.1.2.1');
  const out = plain.slice();
  out.set(new TextEncoder().encode(syntax), at);
  return out;
}

/** Each frame begins with its number; the rest of most frames is a hole in the file. */
async function writeNative(name: string, frames: number): Promise<number> {
  const handle = await open(name, 'w');
  try {
    const head = header(frames);
    await handle.write(head);
    await handle.write(elementHead(frames * FRAME));
    const start = head.length + 12;
    await handle.truncate(start + frames * FRAME);
    for (let i = 0; i < frames; i++)
      await handle.write(new Uint8Array(Uint16Array.of(i).buffer), 0, 2, start + i * FRAME);
    return start + frames * FRAME;
  } finally {
    await handle.close();
  }
}

function elementHead(length: number): Uint8Array {
  const bytes = Uint8Array.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
  new DataView(bytes.buffer).setUint32(8, length, true);
  return bytes;
}

/** Noise does not become smaller: a frame is as large as its pixels. */
async function writeRle(name: string, frames: number): Promise<number> {
  const handle = await open(name, 'w');
  try {
    await handle.write(header(frames, RLE));
    await handle.write(elementHead(0xffffffff));
    await writeItem(handle, new Uint8Array(0));
    const pixels = new Uint16Array(SIDE * SIDE);
    for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 40503) & 0xffff;
    for (let i = 0; i < frames; i++) {
      pixels[0] = i;
      await writeItem(handle, encodeRle(new Uint8Array(pixels.buffer), SIDE, SIDE, 2));
    }
    await handle.write(Uint8Array.from([0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]));
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function writeItem(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  const head = Uint8Array.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  new DataView(head.buffer).setUint32(4, bytes.length, true);
  await handle.write(head);
  if (bytes.length > 0) await handle.write(bytes);
}

async function readAll(name: string, frames: number): Promise<{ growth: number; opened: number }> {
  const before = memoryMB().now;
  const start = performance.now();
  const source = await fileSource(name);
  const file = await readDicom(source);
  const opened = performance.now() - start;
  let most = 0;
  for (let i = 0; i < frames; i++) {
    const { values } = await decodeFrame(file, i);
    if (values[0] !== i)
      throw new HounsfieldError('BENCH_FRAME', `frame ${i} is not the one that was written.`);
    most = Math.max(most, memoryMB().now);
  }
  await source.close();
  return { growth: Math.max(0, most - before), opened };
}
