import type { Command } from 'commander';
import { Option } from 'commander';
import { taskOfModel } from '../tasks/registry.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import type { EvaluateRequest, Prediction } from '../tasks/task.ts';
import { numberOption, type Run } from './command.ts';
import { table, textColumns } from './output.ts';
import { runningPath } from './paths.ts';

interface EvaluateOptions {
  readonly split?: NonNullable<EvaluateRequest['split']>;
  readonly out?: string;
  readonly patientPattern?: string;
  readonly language?: 'en' | 'zh';
  readonly threads?: number;
}

/** hounsfield evaluate */
export function evaluateCommand(program: Command, run: Run): void {
  program
    .command('evaluate <MODEL> <DATA>')
    .description('judge a model on labelled images: every figure with its 95 % interval')
    .addOption(
      new Option(
        '--split <part>',
        'part of the data (default: test where the data have parts, else all)',
      ).choices(['train', 'validation', 'test', 'all']),
    )
    .option('--out <folder>', 'write metrics.json and report.html there')
    .option('--patient-pattern <regex>', "finds the patient in a file's name: its first group")
    .addOption(new Option('--language <code>', 'of the report').choices(['en', 'zh']))
    .addOption(numberOption('--threads <n>', 'of the runtime (default: one a core)'))
    .addHelpText('after', '\nExample:\n  hounsfield evaluate run/model.onnx other-hospital/ --out judged')
    .action((model: string, data: string, options: EvaluateOptions) =>
      run(async (output) => {
        const task = await taskOfModel(model);
        const answer = await task.evaluate({ model, data, ...options }, nodeSurroundings(output.report));
        return output.result(answer, figuresText(answer));
      }),
    );
}

/** hounsfield predict */
export function predictCommand(program: Command, run: Run): void {
  program
    .command('predict <MODEL> <IMAGE...>')
    .description('probabilities of each label, and the operating point where the model has one')
    .addOption(numberOption('--threads <n>', 'of the runtime (default: one a core)'))
    .addHelpText('after', '\nExample:\n  hounsfield predict run/model.onnx new/*.png --json > answers.json')
    .action((model: string, images: string[], options: { threads?: number }) =>
      run(async (output) => {
        const task = await taskOfModel(model);
        const answers = await task.predict({ model, images, ...options }, nodeSurroundings(output.report));
        return output.result(answers, predictionsText(answers));
      }),
    );
}

/** hounsfield explain */
export function explainCommand(program: Command, run: Run): void {
  program
    .command('explain <MODEL> <IMAGE...>')
    .description('heat maps of what spoke for a label (Grad-CAM), laid over the images, as PNG')
    .requiredOption('--out <folder>', 'where the PNG files go')
    .option('--label <label>', 'label to explain (default: the most probable)')
    .option('--layer <node>', 'node whose output the map is made from (default: found)')
    .addOption(numberOption('--threads <n>', 'of the runtime (default: one a core)'))
    .addHelpText(
      'after',
      '\nExample:\n  hounsfield explain run/model.onnx new/*.png --out heat-maps --label nodule',
    )
    .action(
      (
        model: string,
        images: string[],
        options: { out: string; label?: string; layer?: string; threads?: number },
      ) =>
        run(async (output) => {
          const task = await taskOfModel(model);
          const answers = await task.explain({ model, images, ...options }, nodeSurroundings(output.report));
          const lines = answers.map(
            ({ image, label, probability, overlay }) =>
              `${image}: ${label} ${probability.toFixed(3)} -> ${runningPath(overlay)}`,
          );
          return output.result(answers, lines.join('\n'));
        }),
    );
}

/** One row an image where that fits the terminal, else one row a label. */
export function predictionsText(answers: readonly Prediction[], columns = textColumns()): string {
  const labels = Object.keys(answers[0]?.probabilities ?? {});
  const threshold = answers[0]?.threshold;
  const judged = ({ positive }: Prediction) =>
    positive === undefined ? [] : [positive ? labels[1]! : `not ${labels[1]}`];
  const wide = table([
    ['image', ...labels, 'predicted', ...(threshold === undefined ? [] : ['at operating point'])],
    ...answers.map((answer) => [
      answer.image,
      ...labels.map((label) => answer.probabilities[label]!.toFixed(4)),
      answer.label,
      ...judged(answer),
    ]),
  ]);
  const fits = wide.split('\n').every((line) => line.length <= columns);
  const narrow = answers.map((answer) => {
    const sorted = Object.entries(answer.probabilities).sort(([, a], [, b]) => b - a);
    const lines = sorted.map(([label, value]) => `  ${value.toFixed(4)}  ${label}`);
    return [answer.image, ...lines, ...judged(answer).map((word) => `  at operating point: ${word}`)].join(
      '\n',
    );
  });
  const note =
    threshold === undefined
      ? ''
      : `\noperating point: ${labels[1]} from ${threshold.toFixed(4)} on (chosen on validation)`;
  return `${fits ? wide : narrow.join('\n')}${note}`;
}

function figuresText(answer: Readonly<Record<string, unknown>>): string {
  const { intervals, images, files } = answer as {
    intervals: Record<
      string,
      Record<string, { value: number | null; low: number | null; high: number | null }>
    >;
    images: number;
    files?: Record<string, string>;
  }; // as Task.evaluate of classification returns it
  const show = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  const parts = Object.entries(intervals).map(([split, figures]) => {
    const rows = Object.entries(figures).map(([name, { value, low, high }]) => [
      name,
      show(value),
      low === null ? '' : `${show(low)} to ${show(high)}`,
    ]);
    return `${split}, ${images} images\n${table([['figure', 'value', '95 % interval'], ...rows])}`;
  });
  const written = Object.entries(files ?? {}).map(([name, file]) => `${name}: ${runningPath(file)}`);
  return [...parts, ...written].join('\n');
}
