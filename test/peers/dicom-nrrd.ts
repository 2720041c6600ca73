import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const kinds: Readonly<Record<string, (buffer: ArrayBuffer) => ArrayLike<number>>> = {
  short: (buffer) => new Int16Array(buffer),
  'unsigned short': (buffer) => new Uint16Array(buffer),
  'unsigned char': (buffer) => new Uint8Array(buffer),
  uint8: (buffer) => new Uint8Array(buffer),
  uchar: (buffer) => new Uint8Array(buffer),
  float: (buffer) => new Float32Array(buffer),
};

/** The voxels of a NRRD file that a peer wrote, little endian, raw or gzipped. */
export function nrrdVoxels(file: string): number[] {
  const bytes = readFileSync(file);
  const end = bytes.indexOf('\n\n');
  const head = bytes.subarray(0, end).toString('latin1');
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1] ?? '';
  const body = bytes.subarray(end + 2);
  const raw = field('encoding').startsWith('gz') ? gunzipSync(body) : body;
  const kind = kinds[field('type')];
  if (kind === undefined) throw new Error(`${field('type')} is not read here`);
  return Array.from(kind(Uint8Array.from(raw).buffer));
}
