/** `npm run bench -- NAME [options]`: measurements beside other programs. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { isHounsfieldError } from '../src/errors.ts';
import { augmentation } from './augmentation.ts';
import type { Benchmark, BenchmarkOptions } from './benchmark.ts';
import { bloodCells } from './blood-cells.ts';
import { brainchop } from './brainchop.ts';
import { classifierTraining } from './classifier-training.ts';
import { classifierAccuracy } from './classifiers.ts';
import { benchConvolutionGradients } from './convolution-gradients.ts';
import { deidentification } from './deidentification.ts';
import { dicomCodecs } from './dicom-codecs.ts';
import { dicomMemory } from './dicom-memory.ts';
import { dicomObjects } from './dicom-objects.ts';
import { dicomSeries } from './dicom-series.ts';
import { fewImages } from './few-images.ts';
import { filters } from './filters.ts';
import { fineTuneStep } from './fine-tune-step.ts';
import { frozenFeatures } from './frozen-features.ts';
import { fuzzing } from './fuzz.ts';
import { ibsi } from './ibsi.ts';
import { imageCache } from './image-cache.ts';
import { inference } from './inference.ts';
import { javascriptPeers } from './javascript-peers.ts';
import { machine } from './machine.ts';
import { morphology } from './morphology.ts';
import { countOption } from './number-option.ts';
import { pictureFeaturesBench } from './picture-features.ts';
import { pneumoniamnist } from './pneumoniamnist.ts';
import { pneumoniamnistFeatures } from './pneumoniamnist-features.ts';
import { radiomics } from './radiomics.ts';
import { recurrentStep } from './recurrent-step.ts';
import { repository } from './repository.ts';
import { resampling } from './resample.ts';
import {
  briefTable,
  figureRows,
  markdownTable,
  type StoredResult,
  textTable,
  withTable,
} from './results-table.ts';
import { search } from './search.ts';
import { stepProfile } from './step-profile.ts';
import { trainStep } from './train-step.ts';

const benchmarks: readonly Benchmark[] = [
  trainStep,
  recurrentStep,
  stepProfile,
  fineTuneStep,
  inference,
  javascriptPeers,
  pneumoniamnist,
  fuzzing,
  deidentification,
  dicomObjects,
  resampling,
  augmentation,
  dicomSeries,
  dicomCodecs,
  dicomMemory,
  imageCache,
  brainchop,
  filters,
  fewImages,
  bloodCells,
  frozenFeatures,
  search,
  ibsi,
  pictureFeaturesBench,
  pneumoniamnistFeatures,
  radiomics,
  classifierTraining,
  classifierAccuracy,
  morphology,
];
const folder = path.join(repository, 'bench');
const resultFile = (name: string) => path.join(folder, 'results', `${name}.json`);
const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const say = (line: string): void => console.log(line);

async function measure(benchmark: Benchmark, options: BenchmarkOptions): Promise<void> {
  const { processor, cores, memoryGB, system } = machine();
  say(`${benchmark.name}: ${benchmark.describe}`);
  say(`${processor}, ${cores} cores, ${memoryGB} GB, ${system}, ${new Date().toISOString()}\n`);
  const findings = await benchmark.run(options, say);
  const result: StoredResult = {
    benchmark: benchmark.name,
    date: new Date().toISOString(),
    machine: machine(),
    ...findings,
  };
  say(`\n${textTable(figureRows(result))}\n`);
  for (const note of findings.notes) say(`- ${note}`);
  const versions = Object.entries(findings.versions).map(([name, version]) => `${name} ${version}`);
  say(`- ${versions.join(', ')}`);
  if (typeof options['json'] === 'string') await writeFile(options['json'], toJson(result));
  if (options['record'] === true) await writeFile(resultFile(benchmark.name), toJson(result));
}

/** Puts the recorded results into bench/README.md. */
async function writeTable(): Promise<void> {
  const results: StoredResult[] = [];
  for (const { name } of benchmarks) {
    const text = await readFile(resultFile(name), 'utf8').catch(() => undefined);
    if (text)
      results.push(JSON.parse(text) as StoredResult); // written by measure
    else say(`no result of ${name} is recorded`);
  }
  const pages = [
    ['bench/README.md', markdownTable(results)],
    ['README.md', briefTable(results)],
    ['README.zh-CN.md', briefTable(results)],
  ] as const;
  for (const [page, table] of pages) {
    const file = path.join(folder, '..', page);
    await writeFile(file, withTable(page, await readFile(file, 'utf8'), table));
  }
  say(`${results.length} results written into ${pages.map(([page]) => page).join(', ')}`);
}

function program(): Command {
  const command = new Command('bench')
    .description('Measurements beside other programs; bench/README.md says how each is made.')
    .usage('NAME [options]');
  for (const benchmark of benchmarks) {
    const own = command
      .command(benchmark.name)
      .description(benchmark.describe)
      .option('--json <file>', 'writes the result to this file')
      .option('--record', `writes the result to bench/results/${benchmark.name}.json, for the table`)
      .action((options: BenchmarkOptions) => measure(benchmark, options));
    for (const [flags, describe, byDefault] of benchmark.options) own.option(flags, describe, byDefault);
  }
  command
    .command('convolution-gradients')
    .description(
      'processor time of convolutions and of the ways to their gradients, for whoever sets the rules',
    )
    .option('--rounds <n>', 'turns of each', '8')
    .action((options: BenchmarkOptions) => benchConvolutionGradients(countOption(options, 'rounds')));
  command
    .command('table')
    .description('writes the recorded results into bench/README.md and the READMEs')
    .action(writeTable);
  return command;
}

if (process.argv.length <= 2) {
  program().outputHelp();
} else {
  try {
    await program().parseAsync();
  } catch (cause) {
    console.error(isHounsfieldError(cause) ? cause.message : cause);
    process.exitCode = 1;
  }
}
