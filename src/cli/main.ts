#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { version } from '../version.node.ts';
import { cacheCommand } from './cache.ts';
import type { Run } from './command.ts';
import { crossValidateCommand } from './cross-validate.ts';
import { demoCommand } from './demo.ts';
import { dicomCommand } from './dicom.ts';
import { doctorCommand } from './doctor.ts';
import { ensembleCommand } from './ensemble.ts';
import { featuresCommand } from './features.ts';
import { convertCommand, infoCommand, viewCommand } from './files.ts';
import { inspectCommand } from './inspect.ts';
import { evaluateCommand, explainCommand, predictCommand } from './model-commands.ts';
import { createOutput, exitCodes, tellError } from './output.ts';
import { runsCommand } from './runs.ts';
import { searchCommand } from './search.ts';
import { trainCommand } from './train.ts';

const program = new Command('hounsfield')
  .description('Medical image analysis: train, measure, explain and use models.')
  .version(version)
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done; 1 an error, told as CODE: message; 2 wrong usage; 130 interrupted.
HOUNSFIELD_DEBUG=1 shows where an error came from. The codes: docs/reference/errors.md`,
  );

const run: Run = async (work) => {
  const json = process.argv.includes('--json');
  const output = createOutput(json);
  try {
    process.exitCode = await work(output);
  } catch (error) {
    output.close();
    process.exitCode = tellError(error, json);
  }
};

for (const add of [
  infoCommand,
  viewCommand,
  convertCommand,
  inspectCommand,
  featuresCommand,
  trainCommand,
  searchCommand,
  crossValidateCommand,
  evaluateCommand,
  predictCommand,
  explainCommand,
  ensembleCommand,
  doctorCommand,
  demoCommand,
  dicomCommand,
  runsCommand,
  cacheCommand,
]) {
  add(program, run);
}
for (const command of program.commands.filter(({ commands }) => commands.length === 0)) {
  command
    .option('--json', 'the result as JSON on standard output; progress stays on standard error')
    .exitOverride();
}

try {
  await program.parseAsync();
} catch (error) {
  // Commander has told what is wrong; --help and --version also end here.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
}
