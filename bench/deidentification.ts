import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { confidentialityTable } from '../src/imaging/formats/dicom/deidentification/profile.ts';
import { checkStrings } from '../src/tasks/files/check-strings.node.ts';
import { deidentifyFolder } from '../src/tasks/files/deidentify-folder.node.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { repository } from './repository.ts';

interface Manifest {
  readonly strings: readonly string[];
  readonly files: readonly { readonly file: string; readonly ends: string }[];
}

/** Option sets that keep no text as it is. */
const choices: readonly (readonly string[])[] = [
  [],
  ['retainModifiedDates', 'cleanDescriptors', 'cleanStructuredContent', 'cleanGraphics', 'retainSafePrivate'],
  ['cleanDescriptors', 'cleanPixelData'],
];

/** The data set seeded with canaries, and how fast copies of it are de-identified. */
export const deidentification: Benchmark = {
  name: 'deidentification',
  describe: 'a data set seeded with strings that must not survive: how many are left, and files a second',
  options: [['--copies <n>', 'copies of the data set, for the speed', '5']],
  async run(options, say) {
    const copies = countOption(options, 'copies');
    const root = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-deidentification-'));
    try {
      const { strings, files } = await unpack(path.join(root, 'in'));
      const before = await checkStrings(path.join(root, 'in'), strings);
      say(`${files.length} files seeded; ${before.found.length} finds of ${strings.length} strings in them`);
      const figures: Figure[] = [];
      for (const [i, chosen] of choices.entries()) {
        const output = path.join(root, `out-${i}`);
        const done = await deidentifyFolder(path.join(root, 'in'), output, { options: chosen });
        const { found } = await checkStrings(output, strings);
        const what = `strings left, ${chosen.length === 0 ? 'basic profile' : chosen.join(', ')}`;
        say(`${what}: ${found.length} in ${done.written} files`);
        figures.push({ what, value: found.length, unit: '', target: { is: 'at most', value: 0 } });
      }
      const wanted = await tableFixture();
      const present = wanted.filter((tag) => confidentialityTable().has(tag)).length;
      const share = { what: "share of the standard's table that is treated", value: present / wanted.length };
      figures.push({ ...share, unit: '', target: { is: 'at least', value: 1 } });
      figures.push(await speed(root, copies));
      return {
        versions: productVersions(),
        settings: { copies, strings: strings.length, rows: wanted.length },
        figures,
        notes: [
          'Strings are looked for whole and in parts, in every encoding of DICOM, in bytes, inflated data sets and names.',
          'Each row of PS3.15 table E.1-1 is tried with each option by src/imaging/formats/dicom/deidentification/confidentiality-table.test.ts.',
        ],
      };
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

const fixture = (name: string) => readFile(path.join(repository, 'fixtures', 'deidentification', name));

async function tableFixture(): Promise<readonly number[]> {
  const { payload } = JSON.parse((await fixture('table.json')).toString()) as { payload: [string][] }; // by its script
  return payload.map(([digits]) => Number.parseInt(digits, 16));
}

async function unpack(folder: string): Promise<Manifest> {
  const archive = unzipSync(await fixture('canaries.zip'));
  const manifest = JSON.parse(new TextDecoder().decode(archive['manifest.json'])) as Manifest; // by its script
  for (const { file } of manifest.files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), archive[file]!);
  }
  return manifest;
}

async function speed(root: string, copies: number): Promise<Figure> {
  const many = path.join(root, 'many');
  for (let i = 0; i < copies; i++)
    await cp(path.join(root, 'in'), path.join(many, String(i)), { recursive: true });
  const started = performance.now();
  const { written, alreadyThere } = await deidentifyFolder(many, path.join(root, 'many-out'));
  const each = (performance.now() - started) / (written + alreadyThere);
  return { what: 'one file, most of them with every attribute of the table', value: each, unit: 'ms' };
}
