import path from 'node:path';
import { type Command, Option } from 'commander';
import {
  prunerChoices,
  type SearchRequest,
  type SearchResult,
  samplerChoices,
} from '../tasks/search/plan.ts';
import { searchSettings } from '../tasks/search/search.node.ts';
import { readSpaceFile } from '../tasks/search/space-file.node.ts';
import { trialTable, valueLines } from '../tasks/search/trial-table.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import { numberOption, type Run } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { exitCodes, table, textColumns } from './output.ts';
import { runningPath, shellWord } from './paths.ts';
import { addSettingsOptions, settingsFrom } from './settings-options.ts';

/** hounsfield search */
export function searchCommand(program: Command, run: Run): void {
  const command = program
    .command('search <DATA>')
    .description('search settings: trials judged on validation, the winner trained on all and tested once')
    .requiredOption('--out <folder>', 'where the search goes')
    .option('--space <file>', 'JSON or TypeScript file that says what may be searched')
    .addOption(numberOption('--trials <n>', 'at most (default: 30, or as many as --minutes allow)'))
    .addOption(numberOption('--minutes <n>', 'time for the trials'))
    .addOption(
      new Option('--sampler <name>', 'what proposes trials (default: tpe)').choices([...samplerChoices]),
    )
    .addOption(
      new Option('--pruner <name>', 'what stops trials that do badly (default: asha)').choices([
        ...prunerChoices,
      ]),
    )
    .addOption(numberOption('--parallel <n>', 'trials at a time (default: one a core, four at most)'))
    .addOption(
      numberOption('--search-seed <n>', "of what is proposed (default: 1); --seed is the trials' own"),
    )
    .option('--no-retrain', 'leave the winner untrained and the test set untouched')
    .option('--resume', 'go on with the search in --out; --trials and --minutes may be more');
  addSettingsOptions(command)
    .addHelpText(
      'after',
      `
The other options are those of train, and hold for every trial.
Ctrl-C stops the trials with a checkpoint each; --resume goes on. So it does after a crash.
Written to the folder: search.json, search.html, trials.jsonl, trials/0001 …, winner/ (as by train).

Examples:
  hounsfield search xrays/ --space space.json --out search --trials 40
  hounsfield search labels.csv --space space.ts --out search --minutes 60 --parallel 2 --epochs 15
  hounsfield search labels.csv --out search --resume --trials 80`,
    )
    .action((data: string, options: Record<string, unknown>) =>
      run(async (output) => {
        const request = await requestOf(data, options);
        const { signal, remove } = onInterrupt(output);
        try {
          const result = await searchSettings(request, nodeSurroundings(output.report, signal));
          const done = output.result(result, resultText(result));
          if (result.outcome !== 'interrupted') return done;
          output.say(
            `Go on with: hounsfield search ${shellWord(data)} --out ${shellWord(request.out)} --resume`,
          );
          return exitCodes.interrupted;
        } finally {
          remove();
        }
      }),
    );
}

async function requestOf(data: string, options: Readonly<Record<string, unknown>>): Promise<SearchRequest> {
  const number = (name: string) => (typeof options[name] === 'number' ? { [name]: options[name] } : {});
  const word = (name: string) => (typeof options[name] === 'string' ? { [name]: options[name] } : {});
  const resume = options['resume'] === true;
  const { space } = options;
  const { seed } = options;
  return {
    task: 'classification',
    data,
    out: String(options['out']),
    settings: await settingsFrom(options),
    ...(typeof space === 'string' && !resume ? { space: await readSpaceFile(space) } : {}),
    ...number('trials'),
    ...number('minutes'),
    ...number('parallel'),
    ...word('sampler'),
    ...word('pruner'),
    ...(typeof seed === 'number' ? { seed } : {}),
    resume,
    ...(options['retrain'] === false ? { retrain: false } : {}),
  };
}

function resultText(result: SearchResult): string {
  const { best, plan, winner, files, outcome } = result;
  const columns = textColumns();
  const parts = [trialTable(result, columns), ''];
  if (best) {
    parts.push(`best ${plan.watch.name} on validation: ${best.value.toFixed(4)}, trial ${best.trial}`);
    parts.push(...valueLines(plan.space, best.values, columns - 1), '');
  }
  if (winner) {
    const rows = Object.entries(winner.test).map(([name, value]) => [
      name,
      value === null ? '-' : value.toFixed(3),
    ]);
    parts.push(
      'trained anew on training and validation part, tested once:',
      table([['test', ''], ...rows]),
      '',
    );
  }
  if (outcome === 'interrupted') parts.push('interrupted', '');
  parts.push(
    ...Object.entries(files).map(([name, file]) => `${name.padEnd(7)} ${runningPath(path.resolve(file))}`),
  );
  return parts.join('\n');
}
