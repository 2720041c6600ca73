import { RandomStream } from '../../src/random.ts';

/** A file by name; the first of a seed is the one that is opened, the others lie beside it. */
export interface SeedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a case starts from: a file that can be read, with its companions. */
export interface Seed {
  readonly name: string;
  readonly files: readonly SeedFile[];
  /** Stretches of the first file, from and to: seven cases of ten are spoiled within one of them alone. */
  readonly places?: readonly (readonly [number, number])[];
}

type Mutation = (bytes: Uint8Array, random: RandomStream, other: Uint8Array) => Uint8Array;

/** Half of the places lie within the first 512 bytes, where headers are. */
function placeIn(length: number, random: RandomStream): number {
  const most = random.chance(0.5) ? Math.min(length, 512) : length;
  return most === 0 ? 0 : random.integer(most);
}

const changed = (bytes: Uint8Array, change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
  const copy = bytes.slice();
  if (copy.length > 0) change(copy, new DataView(copy.buffer));
  return copy;
};

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A stretch of a file: where it begins and ends. */
function stretch(length: number, random: RandomStream, longest = 4096): readonly [number, number] {
  const from = placeIn(length, random);
  const most = Math.min(longest, length - from);
  return [from, from + (most === 0 ? 0 : 1 + random.integer(most))];
}

const texts = ['0', '-1', '1', '99999999999', '2147483648', '1e308', 'nan', '-0.0', '', '65536', 'inf'];

/** Ways to spoil a file. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'bits flipped': (bytes, random) =>
    changed(bytes, (copy) => {
      for (let i = 1 + random.integer(8); i > 0; i--)
        copy[placeIn(copy.length, random)]! ^= 1 << random.integer(8);
    }),
  'bytes drawn': (bytes, random) =>
    changed(bytes, (copy) => {
      for (let i = 1 + random.integer(8); i > 0; i--)
        copy[placeIn(copy.length, random)] = random.integer(256);
    }),
  'an extreme byte': (bytes, random) =>
    changed(bytes, (copy) => {
      copy[placeIn(copy.length, random)] = [0, 1, 0x7f, 0x80, 0xff][random.integer(5)]!;
    }),
  'a length forged': (bytes, random) =>
    changed(bytes, (copy, view) => {
      const width = [2, 4, 8][random.integer(3)]!;
      if (copy.length < width) return;
      const at = placeIn(copy.length - width + 1, random);
      const size = copy.length;
      const values = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
      const value = [...values, size, size - 1, size + 1, size * 2][random.integer(values.length + 4)]!;
      const little = random.chance(0.7);
      if (width === 2) view.setUint16(at, value & 0xffff, little);
      else if (width === 4) view.setUint32(at, value >>> 0, little);
      else view.setBigUint64(at, random.chance(0.2) ? 2n ** 63n - 1n : BigInt(value), little);
    }),
  'a number in the text forged': (bytes, random) => {
    const from = placeIn(bytes.length, random);
    const isDigit = (at: number) => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
    let start = from;
    while (start < bytes.length && !isDigit(start)) start++;
    let end = start;
    while (end < bytes.length && isDigit(end)) end++;
    if (start === bytes.length) return bytes;
    const text = new TextEncoder().encode(texts[random.integer(texts.length)]!);
    return joined(bytes.subarray(0, start), text, bytes.subarray(end));
  },
  'the end cut off': (bytes, random) => bytes.slice(0, placeIn(bytes.length, random)),
  'a piece cut out': (bytes, random) => {
    const [from, to] = stretch(bytes.length, random);
    return joined(bytes.subarray(0, from), bytes.subarray(to));
  },
  'a piece doubled': (bytes, random) => {
    const [from, to] = stretch(bytes.length, random);
    return joined(bytes.subarray(0, to), bytes.subarray(from));
  },
  'a piece repeated': (bytes, random) => {
    const [from, to] = stretch(bytes.length, random, 64);
    const copies = Array.from({ length: 2 + random.integer(200) }, () => bytes.subarray(from, to));
    return joined(bytes.subarray(0, from), ...copies, bytes.subarray(to));
  },
  'a piece moved': (bytes, random) => {
    const [from, to] = stretch(bytes.length, random, 256);
    const rest = joined(bytes.subarray(0, from), bytes.subarray(to));
    const at = placeIn(rest.length, random);
    return joined(rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at));
  },
  'a piece filled': (bytes, random) =>
    changed(bytes, (copy) => {
      const [from, to] = stretch(copy.length, random, 256);
      copy.fill([0, 0xff, 0x20, 0x41][random.integer(4)]!, from, to);
    }),
  'drawn bytes put in': (bytes, random) => {
    const at = placeIn(bytes.length, random);
    const drawn = Uint8Array.from({ length: 1 + random.integer(32) }, () => random.integer(256));
    return joined(bytes.subarray(0, at), drawn, bytes.subarray(at));
  },
  'a piece of another file': (bytes, random, other) => {
    const [from, to] = stretch(other.length, random, 512);
    const at = placeIn(bytes.length, random);
    const after = random.chance(0.5) ? at : Math.min(bytes.length, at + to - from);
    return joined(bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(after));
  },
};

const names = Object.keys(mutations);
const LARGEST_BYTES = 4 * 1024 * 1024;

export interface Case {
  readonly seed: string;
  /** What was done to which file. */
  readonly done: readonly string[];
  readonly files: readonly SeedFile[];
}

/** The case of an index: the first are the seeds as they are, the others spoiled. Same key, same case. */
export function makeCase(format: string, seeds: readonly Seed[], runSeed: number, index: number): Case {
  const plain = seeds[index];
  if (plain !== undefined) return { seed: plain.name, done: [], files: plain.files };
  const random = new RandomStream({ seed: runSeed, purpose: `fuzz ${format}`, step: index });
  const chosen = seeds[random.integer(seeds.length)]!;
  const files = chosen.files.map((file) => ({ ...file }));
  const done: string[] = [];
  const rounds = random.chance(0.5) ? 1 : 1 + random.integer(6);
  const places = chosen.places ?? [];
  if (places.length > 0 && random.chance(0.7)) {
    const [from, to] = places[random.integer(places.length)]!;
    return { seed: chosen.name, ...spoiledWithin(chosen.files, from, to, rounds, random) };
  }
  for (let i = 0; i < rounds; i++) {
    const at = random.chance(0.7) ? 0 : random.integer(files.length);
    const name = names[random.integer(names.length)]!;
    const donor = seeds[random.integer(seeds.length)]!.files[0]!.bytes;
    const spoiled = mutations[name]!(files[at]!.bytes, random, donor);
    files[at] = { name: files[at]!.name, bytes: spoiled.subarray(0, LARGEST_BYTES) };
    done.push(files.length === 1 ? name : `${files[at].name}: ${name}`);
  }
  return { seed: chosen.name, done, files };
}

/** Stretches up to this long keep their length, so that what is behind them is still found. */
const SHORT = 64;

/** The first file spoiled between two places, the bytes before and behind kept. */
function spoiledWithin(
  files: readonly SeedFile[],
  from: number,
  to: number,
  rounds: number,
  random: RandomStream,
): Omit<Case, 'seed'> {
  const { name: file, bytes } = files[0]!;
  let piece = bytes.subarray(from, to);
  const done: string[] = [];
  for (let i = 0; i < rounds; i++) {
    const name = names[random.integer(names.length)]!;
    piece = mutations[name]!(piece, random, bytes).subarray(0, LARGEST_BYTES);
    if (to - from <= SHORT) piece = joined(piece, new Uint8Array(SHORT)).slice(0, to - from);
    done.push(`${name} between ${from} and ${to}`);
  }
  const spoiled = joined(bytes.subarray(0, from), piece, bytes.subarray(to));
  return { done, files: [{ name: file, bytes: spoiled }, ...files.slice(1)] };
}
