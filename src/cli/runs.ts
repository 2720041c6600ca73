import type { Command } from 'commander';
import { writeFileAtomically } from '../atomic-file.node.ts';
import { compareRuns, shortNames, sortRuns } from '../tasks/tracking/compare-runs.ts';
import { findRuns } from '../tasks/tracking/find-runs.node.ts';
import { sendTracking } from '../tasks/tracking/mlflow.node.ts';
import { runsPage } from '../tasks/tracking/runs-page.ts';
import { comparisonText, runRows, runsCsv, runsText } from '../tasks/tracking/runs-text.ts';
import type { Run } from './command.ts';
import { exitCodes, type Output, textColumns } from './output.ts';

interface RunsOptions {
  readonly sort?: string;
  readonly html?: string;
  readonly csv?: boolean;
}

/** hounsfield runs [FOLDER...] | compare | send */
export function runsCommand(program: Command, run: Run): void {
  const json = ['--json', 'the result as JSON on standard output'] as const;
  const runs = program
    .command('runs')
    .description('list, compare and draw training runs')
    .enablePositionalOptions();
  runs
    .command('list [FOLDER...]', { isDefault: true })
    .description('the runs at and below the folders (default: here)')
    .option(
      '--sort <figure>',
      'by a figure such as test.auc, or name, state, network, started, epochs, seconds, best',
    )
    .option('--html <file>', 'the curves of all of them on one page')
    .option('--csv', 'as comma-separated values')
    .option(...json)
    .exitOverride()
    .action((folders: readonly string[], options: RunsOptions) =>
      run((output) => list(output, folders, options)),
    );
  runs
    .command('compare <FOLDER...>')
    .description('settings that differ and figures, side by side')
    .option('--html <file>', 'the curves of all of them on one page')
    .option('--csv', 'as comma-separated values')
    .option(...json)
    .exitOverride()
    .action((folders: readonly string[], options: RunsOptions) =>
      run((output) => compare(output, folders, options)),
    );
  runs
    .command('send <FOLDER...>')
    .description('send to MLflow what could not be sent while training')
    .option(...json)
    .exitOverride()
    .action((folders: readonly string[]) => run((output) => send(output, folders)));
  runs.addHelpText(
    'after',
    '\nExamples:\n  hounsfield runs results --sort test.auc --html runs.html\n  hounsfield runs compare results/a results/b',
  );
}

async function list(output: Output, folders: readonly string[], options: RunsOptions): Promise<number> {
  const found = findRuns(folders.length > 0 ? folders : ['.']);
  const runs = options.sort ? sortRuns(found, options.sort) : found;
  await draw(output, options, runs);
  const figure = options.sort?.startsWith('test.') ? options.sort : undefined;
  if (options.csv) return output.result(runs.map(jsonOf), runsCsv(runRows(runs, figure)));
  return output.result(runs.map(jsonOf), runsText(runs, textColumns(), figure));
}

async function compare(output: Output, folders: readonly string[], options: RunsOptions): Promise<number> {
  const runs = findRuns(folders);
  const comparison = compareRuns(runs);
  await draw(output, options, runs);
  return output.result(comparison, comparisonText(comparison, textColumns(), options.csv === true));
}

async function draw(
  output: Output,
  { html }: RunsOptions,
  runs: Parameters<typeof runsPage>[0],
): Promise<void> {
  if (html === undefined) return;
  await writeFileAtomically(html, await runsPage(runs, 'Training runs'));
  output.say(`curves: ${html}`);
}

async function send(output: Output, folders: readonly string[]): Promise<number> {
  const runs = findRuns(folders);
  const names = shortNames(runs);
  const sent: { run: string; sent: number; left: number }[] = [];
  for (const [i, { folder }] of runs.entries()) {
    sent.push({ run: names[i]!, ...(await sendTracking(folder, { note: output.say })) });
  }
  const told = sent
    .filter((one) => one.sent + one.left > 0)
    .map((one) => `${one.run}: ${one.sent} sent, ${one.left} left`);
  output.result(sent, told.join('\n') || 'Nothing was waiting.');
  return sent.some(({ left }) => left > 0) ? exitCodes.error : exitCodes.ok;
}

/** A run as JSON, without the history that its folder holds. */
const jsonOf = ({ epochs, ...rest }: Parameters<typeof runsPage>[0][number]) => ({
  ...rest,
  epochsDone: epochs.length,
});
