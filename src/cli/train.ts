import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { taskNamed, tasks } from '../tasks/registry.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import type { TrainResult } from '../tasks/task.ts';
import type { Run } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { exitCodes, table } from './output.ts';
import { runningPath, shellWord } from './paths.ts';
import { addRadiomicsOptions, radiomicsSettingsFrom } from './radiomics-options.ts';
import { addSettingsOptions, settingsFrom } from './settings-options.ts';

/** hounsfield train */
export function trainCommand(program: Command, run: Run): void {
  const command = program
    .command('train <DATA>')
    .description('train, measure and explain a model; writes it with its report into a folder')
    .requiredOption('--out <folder>', 'where the run goes')
    .option(
      '--task <name>',
      `one of: ${[...tasks.keys()].join(', ')} (default: classification, or that of the run to resume)`,
    )
    .option('--resume', 'go on with the run in --out, with its settings');
  addRadiomicsOptions(addSettingsOptions(command))
    .addHelpText(
      'after',
      `
Ctrl-C finishes the step and leaves a checkpoint (radiomics: the features measured so far); --resume goes on from there and
ends with the same model.
Written to the folder: model.onnx, metrics.json, report.html, history.jsonl, config.json, checkpoint files.

Examples:
  hounsfield train xrays/ --out run
  hounsfield train labels.csv --network resnet18 --epochs 30 --patience 5 --imbalance weights --out run
  hounsfield train labels.csv --out run --resume
  hounsfield train tumours/ --task radiomics --preset ibsi-c --out run`,
    )
    .action((data: string, options: Record<string, unknown>) =>
      run(async (output) => {
        const out = String(options['out']);
        const task = taskNamed(await taskNameFor(out, options));
        const settings = { ...(await settingsFrom(options)), ...(await radiomicsSettingsFrom(options)) };
        const { signal, remove } = onInterrupt(output);
        try {
          const resume = options['resume'] === true;
          const request = { data, out, settings, resume };
          const result = await task.train(request, nodeSurroundings(output.report, signal));
          const done = output.result(result, resultText(result));
          if (result.outcome !== 'interrupted') return done;
          output.say(`Go on with: hounsfield train ${shellWord(data)} --out ${shellWord(out)} --resume`);
          return exitCodes.interrupted;
        } finally {
          remove();
        }
      }),
    );
}

/** The task asked for, or that of the run that is resumed. */
async function taskNameFor(out: string, options: Readonly<Record<string, unknown>>): Promise<string> {
  if (options['task'] !== undefined) return String(options['task']);
  if (options['resume'] !== true) return 'classification';
  const text = await readFile(path.join(out, 'config.json'), 'utf8').catch(() => '');
  return /"task":\s*"([\w-]+)"/.exec(text)?.[1] ?? 'classification';
}

function resultText({ outcome, files, test }: TrainResult): string {
  if (outcome === 'interrupted') return `interrupted; checkpoint: ${runningPath(files['checkpoint'] ?? '')}`;
  const rows = Object.entries(test).map(([name, value]) => [name, value === null ? '-' : value.toFixed(3)]);
  const shown = Object.entries(files).map(([name, file]) => [name, runningPath(file)]);
  return [
    outcome === 'stopped-early' ? 'stopped early' : 'finished',
    '',
    table([['test', ''], ...rows]),
    '',
    ...shown.map(([name, file]) => `${name!.padEnd(11)} ${file}`),
  ].join('\n');
}
