import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { HounsfieldError } from '../errors.ts';
import { compareCrossValidations } from '../tasks/cross-validation/compare.node.ts';
import { crossValidate } from '../tasks/cross-validation/cross-validate.node.ts';
import type { CrossValidationRequest, CrossValidationResult } from '../tasks/cross-validation/plan.ts';
import { comparisonText, crossValidationText } from '../tasks/cross-validation/terminal-text.ts';
import { tasks } from '../tasks/registry.ts';
import { readSpaceFile } from '../tasks/search/space-file.node.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import { numberOption, type Run } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { exitCodes, textColumns } from './output.ts';
import { runningPath, shellWord } from './paths.ts';
import { addSettingsOptions, settingsFrom } from './settings-options.ts';

/** hounsfield cross-validate, hounsfield compare-folds */
export function crossValidateCommand(program: Command, run: Run): void {
  const command = program
    .command('cross-validate <DATA>')
    .description(
      'train and test in folds by patient or site; every image is answered by a model that has not seen it',
    )
    .requiredOption('--out <folder>', 'where the folds go')
    .option('--task <name>', `one of: ${[...tasks.keys()].join(', ')}`, 'classification')
    .addOption(numberOption('--folds <n>', 'how many (default: 5)'))
    .addOption(numberOption('--repeats <n>', 'draw them so many times (default: 1)'))
    .option('--by-site', 'folds of whole sites')
    .option('--leave-site-out', 'each site by turns is the test part')
    .option('--no-stratify', 'draw folds without regard to classes')
    .option('--folds-file <file>', 'folds.json of another cross-validation, or your own')
    .option(
      '--nested',
      'choose settings in each fold, by folds of its training part (with --candidates or --space)',
    )
    .addOption(numberOption('--inner <n>', 'inner folds to choose by (default: 3)'))
    .option('--candidates <file>', 'JSON list of settings to choose from: [{"name", "lr", …}, …]')
    .option('--space <file>', 'or a space as for search, of which points are tried')
    .addOption(numberOption('--trials <n>', 'points of the space tried in each fold (default: 10)'))
    .addOption(numberOption('--parallel <n>', 'trainings at a time, each a process (default: 1)'))
    .option('--resume', 'go on with the cross-validation in --out, with its settings');
  addSettingsOptions(command)
    .addHelpText(
      'after',
      `
The other options are those of train, and hold for every fold. --split gives the share that a fold's training part
leaves for validation: validation / (training + validation).
Ctrl-C stops with a checkpoint; --resume goes on, and so it does after a crash. Finished folds are kept.
Written to the folder: folds.json, fold-01/ … (as by train), predictions.csv and .json, metrics.json, report.html.

Examples:
  hounsfield cross-validate labels.csv --out folds --folds 5 --repeats 3 --parallel 2
  hounsfield cross-validate labels.csv --out sites --leave-site-out
  hounsfield cross-validate labels.csv --out nested --nested --candidates candidates.json
  hounsfield cross-validate labels.csv --out other --network small-cnn --folds-file folds/folds.json
  hounsfield compare-folds folds other`,
    )
    .action((data: string, options: Record<string, unknown>) =>
      run(async (output) => {
        const request = await requestOf(data, options);
        const { signal, remove } = onInterrupt(output);
        try {
          const result = await crossValidate(request, nodeSurroundings(output.report, signal));
          const done = output.result(result, resultText(result));
          if (result.outcome !== 'interrupted') return done;
          output.say(
            `Go on with: hounsfield cross-validate ${shellWord(data)} --out ${shellWord(request.out)} --resume`,
          );
          return exitCodes.interrupted;
        } finally {
          remove();
        }
      }),
    );
  program
    .command('compare-folds <A> <B>')
    .description('whether one cross-validation did better than another on the same folds')
    .addHelpText('after', '\nExample:\n  hounsfield compare-folds folds other')
    .action((first: string, second: string) =>
      run(async (output) => {
        const found = await compareCrossValidations(first, second);
        return output.result(found, comparisonText(found, textColumns()));
      }),
    );
}

async function requestOf(
  data: string,
  options: Readonly<Record<string, unknown>>,
): Promise<CrossValidationRequest> {
  const number = (name: string) => (typeof options[name] === 'number' ? { [name]: options[name] } : {});
  const { space, candidates, foldsFile } = options;
  const resume = options['resume'] === true;
  requireOneWay(options, resume);
  const scheme = options['leaveSiteOut'] ? 'leave-site-out' : options['bySite'] ? 'site-k-fold' : undefined;
  return {
    task: String(options['task']),
    data,
    out: String(options['out']),
    settings: await settingsFrom(options),
    ...(scheme ? { scheme } : {}),
    ...number('folds'),
    ...number('repeats'),
    ...number('inner'),
    ...number('trials'),
    ...number('parallel'),
    ...(options['stratify'] === false ? { stratify: false } : {}),
    ...(typeof foldsFile === 'string' ? { foldsFile } : {}),
    ...(typeof candidates === 'string' && !resume ? { candidates: await readCandidates(candidates) } : {}),
    ...(typeof space === 'string' && !resume ? { space: await readSpaceFile(space) } : {}),
    resume,
  };
}

function requireOneWay(options: Readonly<Record<string, unknown>>, resume: boolean): void {
  const chosen = options['candidates'] !== undefined || options['space'] !== undefined;
  const faults = [
    options['leaveSiteOut'] === true &&
      options['bySite'] === true &&
      '--by-site and --leave-site-out: give one of them',
    options['leaveSiteOut'] === true &&
      (options['folds'] ?? options['repeats']) !== undefined &&
      '--leave-site-out has a fold for each site: leave --folds and --repeats out',
    options['nested'] === true &&
      !chosen &&
      !resume &&
      '--nested needs --candidates or --space to choose from',
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return;
  throw new HounsfieldError('CROSS_VALIDATION_OPTIONS', `${faults.join('; ')}. Correct these options.`);
}

async function readCandidates(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new HounsfieldError(
      'CANDIDATES_INVALID',
      `${file} cannot be read as JSON (${cause instanceof Error ? cause.message : String(cause)}). Write [{ "lr": 0.001 }, { "lr": 0.01 }].`,
      { cause },
    );
  }
}

function resultText({ outcome, metrics, files, done, of }: CrossValidationResult): string {
  if (outcome === 'interrupted' || !metrics) return `interrupted; ${done} of ${of} folds are finished`;
  return [
    crossValidationText(metrics, textColumns()),
    '',
    ...Object.entries(files).map(([name, file]) => `${name.padEnd(16)} ${runningPath(path.resolve(file))}`),
  ].join('\n');
}
