import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { HounsfieldError } from '../src/errors.ts';
import { type MedicalImage, medicalImage } from '../src/imaging/image/medical-image.ts';
import { type Benchmark, type Figure, median, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

/** One thing done by both sides to the same input with the same parameters. */
export interface TransformRow {
  readonly name: string;
  /** Name of one of the inputs. */
  readonly input: string;
  readonly ours: (input: MedicalImage) => ArrayLike<number>;
  /** A function of the peer's script, and its arguments beside the input. */
  readonly theirs: readonly [name: string, parameters: Readonly<Record<string, unknown>>];
  /** Whose function it is, as 'scikit-image'. */
  readonly peer: string;
  /** Values may differ by this part of the peer's largest absolute value. */
  readonly agreement: number;
  /** Part of the values that may differ by more, where a rounding decides between two answers; 0 where absent. */
  readonly mayDiffer?: number;
}

export interface TransformRows {
  readonly name: string;
  readonly describe: string;
  /** The peer's script in bench/, one that calls `serve` of transform_rows_peer.py. */
  readonly script: string;
  /** What the rows are done to; made once, the same array goes to both sides. */
  readonly inputs: Readonly<Record<string, () => MedicalImage>>;
  readonly rows: readonly TransformRow[];
  readonly notes: readonly string[];
}

/** A turn repeats what takes less than this. */
const LEAST_TURN_MS = 40;

/** Our side runs for this long, or this many times, before its time counts. */
const WARM_MS = 400;
const MOST_WARM_CALLS = 100;

/** Transforms beside a Python peer, one thread each, alternating turns; a figure for each row and their median. */
export function transformRows({ name, describe, script, inputs, rows, notes }: TransformRows): Benchmark {
  return {
    name,
    describe,
    options: [
      ['--rounds <n>', 'turns of each side, alternating', '5'],
      ['--only <text>', 'only rows whose name has this text'],
    ],
    async run(options, say) {
      const rounds = countOption(options, 'rounds');
      const only = typeof options['only'] === 'string' ? options['only'] : '';
      const asked = rows.filter((row) => titleOf(row).includes(only));
      const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-'));
      const peer = startSide('the peer', await peerPython(), [path.join(repository, 'bench', script)], {
        OMP_NUM_THREADS: '1',
        OPENBLAS_NUM_THREADS: '1',
        ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS: '1',
      });
      const figures: Figure[] = [];
      const compared: string[] = [];
      try {
        for (const key of new Set(asked.map(({ input }) => input))) {
          const input = inputs[key]!();
          await writeFile(path.join(folder, key), bytesOf(input.pixels));
          await peer.ask({ command: 'prepare', key, ...describeArray(input), file: path.join(folder, key) });
          for (const row of asked.filter((each) => each.input === key)) {
            const found = await contest(row, input, peer, path.join(folder, 'result'), rounds);
            figures.push(found.figure);
            compared.push(found.note);
            say(`${found.figure.value.toFixed(2)}x  ${found.note}`);
          }
        }
        if (figures.length > 0) figures.push(overall(figures));
        const versions = (await peer.ask({ command: 'describe' })) as Record<string, string>; // texts
        return {
          versions: { ...productVersions(), ...versions },
          settings: { rounds, threads: 1 },
          figures,
          notes: [
            'Both sides have the input in memory and make a new array on one thread; the figure is the median of the ratios of alternating turns, before which each side runs for a while that is not counted.',
            "The time is that of the processor, of all of a side's threads together, so that other programs do not count.",
            ...notes,
            ...compared,
          ],
        };
      } finally {
        await peer.close();
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

const titleOf = ({ name, input }: TransformRow): string => `${name}, ${input}`;

const overall = (figures: readonly Figure[]): Figure => ({
  what: `median of ${figures.length} rows`,
  value: median(figures.map(({ value }) => value)),
  unit: 'x',
  spread: spreadOf(figures.map(({ value }) => value)),
  target: { is: 'at least', value: 1 },
});

async function contest(row: TransformRow, input: MedicalImage, peer: Side, file: string, rounds: number) {
  const [name, parameters] = row.theirs;
  const ask = (count: number, out?: string) =>
    peer.ask({ command: 'run', key: row.input, name, parameters, count, ...(out ? { file: out } : {}) });
  let result: ArrayLike<number> = [];
  const turn = (count: number) => {
    const start = process.cpuUsage();
    for (let i = 0; i < count; i++) result = row.ours(input);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / count;
  };
  const reply = await ask(1, file);
  const mine = turn(1);
  const difference = await compare(row, result, file, String(reply['dtype']));
  // not counted: the compiler is warm only after some calls
  let warm = mine;
  for (let spent = mine, calls = 1; spent < WARM_MS && calls < MOST_WARM_CALLS; calls++) {
    warm = turn(1);
    spent += warm;
  }
  const counts = [warm, millisecondsIn(await ask(1))[0]!].map((ms) =>
    Math.max(1, Math.ceil(LEAST_TURN_MS / ms)),
  );
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(turn(counts[0]!));
    theirs.push(...millisecondsIn(await ask(counts[1]!)));
  }
  const ratios = ours.map((ms, i) => theirs[i]! / ms);
  const figure: Figure = {
    what: titleOf(row),
    value: median(ratios),
    unit: 'x',
    spread: spreadOf(ratios),
    target: { is: 'at least', value: 1 },
  };
  const times = `${median(ours).toFixed(2)} ms, ${row.peer} ${median(theirs).toFixed(2)} ms`;
  return { figure, note: `${titleOf(row)}: ${times}; ${difference}.` };
}

/** @throws PEERS_DISAGREE */
async function compare(
  row: TransformRow,
  found: ArrayLike<number>,
  file: string,
  dtype: string,
): Promise<string> {
  const expected = arrayOf(await readFile(file), dtype);
  let [largest, worst, most] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  let differing = found.length === expected.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i]! - expected[i]!);
    worst = Math.max(worst, difference);
    if (difference <= row.agreement * largest) most = Math.max(most, difference);
    else differing++; // NaN too
  }
  const part = differing / expected.length;
  if (part <= (row.mayDiffer ?? 0)) {
    const beyond = differing === 0 ? '' : `, but for ${differing} of ${expected.length} values`;
    return `the results differ by at most ${most.toExponential(1)} (largest value ${largest.toPrecision(3)})${beyond}`;
  }
  throw new HounsfieldError(
    'PEERS_DISAGREE',
    `${titleOf(row)}: ${differing} of ${expected.length} values (ours: ${found.length}) differ by more than ` +
      `${row.agreement} of the largest, ${largest}, at most by ${worst}. They do not compute the same, so that their ` +
      'times cannot be compared.',
  );
}

/** A picture or volume of one channel as a bench's input. */
export function benchInput(
  pixels: MedicalImage['pixels'],
  [width, height, depth]: readonly [number, number, number],
): MedicalImage {
  return medicalImage(pixels, { width, height, depth });
}

function describeArray({ pixels, width, height, depth }: MedicalImage) {
  const dtype = pixels.constructor.name.replace('Array', '').toLowerCase();
  return { dtype, shape: depth === 1 ? [height, width] : [depth, height, width] };
}

const bytesOf = (pixels: MedicalImage['pixels']): Uint8Array =>
  new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);

function arrayOf(bytes: Uint8Array, dtype: string): ArrayLike<number> {
  const { buffer } = bytes.slice(); // aligned
  if (dtype === 'float32') return new Float32Array(buffer);
  if (dtype === 'float64') return new Float64Array(buffer);
  if (dtype === 'int32') return new Int32Array(buffer);
  if (dtype === 'int64') return Array.from(new BigInt64Array(buffer), Number);
  if (dtype === 'int16') return new Int16Array(buffer);
  if (dtype === 'uint16') return new Uint16Array(buffer);
  return new Uint8Array(buffer); // uint8, bool
}
