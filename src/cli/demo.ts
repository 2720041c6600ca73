import path from 'node:path';
import type { Command } from 'commander';
import { type DemoResult, runDemo } from '../tasks/classification/demo.node.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import { numberOption, type Run } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { runningPath } from './paths.ts';

/** hounsfield demo */
export function demoCommand(program: Command, run: Run): void {
  program
    .command('demo')
    .description('make phantom chest CT images, train a classifier on them, judge and explain it')
    .option(
      '--out <folder>',
      'where everything goes; what an earlier demo left there is replaced',
      'demo-out',
    )
    .addOption(numberOption('--seed <n>', 'of the images and the training'))
    .addOption(numberOption('--patients <n>', 'how many to make up'))
    .addOption(numberOption('--epochs <n>', 'at most'))
    .addOption(numberOption('--threads <n>', 'of the runtime (default: one a core)'))
    .addHelpText('after', '\nExample:\n  hounsfield demo --out demo-out')
    .action((options: { out: string; seed?: number; patients?: number; epochs?: number; threads?: number }) =>
      run(async (output) => {
        const { signal, remove } = onInterrupt(output);
        try {
          const result = await runDemo(options, nodeSurroundings(output.report, signal));
          return output.result(result, demoText(result));
        } finally {
          remove();
        }
      }),
    );
}

function demoText({ outcome, test, newImage, files, seconds }: DemoResult): string {
  const figure = (value: number | null | undefined) => (value == null ? '-' : value.toFixed(3));
  const probabilities = Object.entries(newImage.probabilities).map(
    ([label, value]) => `${label} ${value.toFixed(3)}`,
  );
  const row = (name: string, file: string | undefined) =>
    `  ${name.padEnd(12)} ${runningPath(path.resolve(file ?? ''))}`;
  return [
    '',
    `${outcome === 'stopped-early' ? 'Stopped early' : 'Trained'}, ${Math.round(seconds)} s in all.`,
    `Patients never seen: AUC ${figure(test['auc'])}, accuracy ${figure(test['accuracy'])} by the more probable class;`,
    'at the operating point, which counts in use: see the report.',
    `One new image (in truth: ${newImage.truth}): ${probabilities.join(', ')}.`,
    ...(newImage.threshold === undefined
      ? []
      : [
          `At the operating point (nodule from ${newImage.threshold.toFixed(3)} on): ${newImage.positive ? 'nodule' : 'clear'}.`,
        ]),
    '',
    row('report', files['report']),
    row('model', files['model']),
    row('figures', files['metrics']),
    row('prediction', files['prediction']),
    row('heat map', files['heatMap']),
    row('new image', files['image']),
    row('images', files['data']),
    '',
    'Open the report in a browser. Your own images: hounsfield train DATA --out run',
  ].join('\n');
}
