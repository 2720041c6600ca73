import { appendFile } from 'node:fs/promises';
import { HounsfieldError } from '../src/errors.ts';
import { formats } from '../test/hostile/formats.ts';
import { type FuzzResult, fuzz, type Violation } from '../test/hostile/fuzz.ts';
import type { Benchmark, BenchmarkOptions, Figure } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';

/** Spoiled files against every reader: all must end in values or a coded error, in bounded time and memory. */
export const fuzzing: Benchmark = {
  name: 'fuzz',
  describe: 'spoiled files of every format: none may crash, hang, or end in an error without a code',
  options: [
    ['--format <names>', 'these formats only, parted by commas'],
    ['--count <n>', 'cases of each format', '20000'],
    ['--seed <n>', 'of the run; a case is made again by (format, seed, index)', '1'],
    ['--from <n>', 'first index', '0'],
    ['--violations <file>', 'appends what was found wrong to this file'],
  ],
  async run(options, say) {
    const count = countOption(options, 'count');
    const seed = countOption(options, 'seed');
    const from = Number(options['from']);
    const results: FuzzResult[] = [];
    for (const format of chosenFormats(options)) {
      const onProgress = (done: number) => say(`${format}: ${done} of ${count}`);
      const result = await fuzz({ format, seed, count, from, onProgress });
      results.push(result);
      say(summary(result));
      for (const violation of result.violations) say(describe(violation));
      const file = options['violations'];
      if (typeof file === 'string' && result.violations.length > 0)
        await appendFile(file, `${result.violations.map(describe).join('\n')}\n`);
    }
    return {
      versions: productVersions(),
      settings: { count, seed, from },
      figures: results.flatMap(figuresOf),
      notes: [
        'A violation is an error without a code, more than 2 s of processor time, more than 512 MB, or the end of the process.',
        ...results.map(summary),
      ],
    };
  },
};

function chosenFormats(options: BenchmarkOptions): readonly string[] {
  const known = Object.keys(formats);
  if (typeof options['format'] !== 'string') return known;
  const names = options['format'].split(',');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return names;
  throw new HounsfieldError('BENCH_OPTION', `--format is '${unknown}', expected ${known.join(', ')}.`);
}

function summary(result: FuzzResult): string {
  const { format, seeds, cases, outcomes, violations, slowestMs, slowestIndex, largestMB } = result;
  const ends = Object.entries(outcomes)
    .sort(([, a], [, b]) => b - a)
    .map(([code, times]) => `${code} ${times}`);
  const limits = `slowest ${Math.round(slowestMs)} ms (index ${slowestIndex}), at most ${Math.round(largestMB)} MB`;
  return `${format}: ${cases} cases of ${seeds} files, ${violations.length} violations, ${limits}; ${ends.join(', ')}`;
}

const describe = ({ format, seed, index, kind, detail }: Violation): string =>
  `## ${format} --seed ${seed} --from ${index} --count 1: ${kind}\n${detail}\n`;

const figuresOf = ({ format, cases, violations, slowestMs }: FuzzResult): Figure[] => [
  { what: `${format}: cases`, value: cases, unit: '' },
  { what: `${format}: violations`, value: violations.length, unit: '', target: { is: 'at most', value: 0 } },
  { what: `${format}: slowest case`, value: slowestMs, unit: 'ms', target: { is: 'at most', value: 2000 } },
];
