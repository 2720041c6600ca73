import type { Command } from 'commander';
import { Option } from 'commander';
import { taskOfModel } from '../tasks/registry.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import type { EvaluateRequest, Explanation, PredictRequest } from '../tasks/task.ts';
import { numberOption, type Run } from './command.ts';
import { table } from './output.ts';
import { runningPath } from './paths.ts';
import { predictionsText } from './predictions-text.ts';

const ttaHelp =
  'average the answers to views of each image: auto, flips, rotations, shifts, or names by commas';

interface EvaluateOptions {
  readonly split?: NonNullable<EvaluateRequest['split']>;
  readonly out?: string;
  readonly patientPattern?: string;
  readonly language?: 'en' | 'zh';
  readonly tta?: string;
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
    .option('--tta <views>', ttaHelp)
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
    .command('predict <MODEL> [IMAGE...]')
    .description(
      'probabilities of each label or the numbers, and the operating points where the model has them',
    )
    .option(
      '--table <file>',
      'CSV with a row a case: for models of several images, of clinical values, or of images with masks',
    )
    .option('--tta <views>', ttaHelp)
    .option('--members', "of an ensemble: also each member's answer, and how far they are apart")
    .addOption(numberOption('--threads <n>', 'of the runtime (default: one a core)'))
    .addHelpText(
      'after',
      '\nExamples:\n  hounsfield predict run/model.onnx new/*.png --json > answers.json\n  hounsfield predict run/model.onnx --table cases.csv\n  hounsfield predict radiomics/model.onnx tumour.nii.gz   (tumour_mask.nii.gz lies beside it)',
    )
    .action((model: string, images: string[], options: Omit<PredictRequest, 'model' | 'images'>) =>
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
    .command('explain <MODEL> [IMAGE...]')
    .description(
      'what spoke for an answer: heat maps over images (Grad-CAM, PNG), or the share of each feature of a region (Shapley values, SVG)',
    )
    .option(
      '--table <file>',
      'CSV with a row a case: for models of several images, of clinical values, or of images with masks',
    )
    .requiredOption('--out <folder>', 'where the files go')
    .option('--label <label>', 'label, grade or number to explain (default: the one found)')
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
        options: { out: string; table?: string; label?: string; layer?: string; threads?: number },
      ) =>
        run(async (output) => {
          const task = await taskOfModel(model);
          const answers = await task.explain({ model, images, ...options }, nodeSurroundings(output.report));
          const lines = answers.map(explanationText);
          return output.result(answers, lines.join('\n'));
        }),
    );
}

/** One answer, where its maps lie, and of a study the slices that count. */
function explanationText({ image, label, probability, value, ...rest }: Explanation): string {
  const { overlay, overlays = { image: overlay }, slice, sliceWeights } = rest;
  const files = Object.values(overlays).map(runningPath).join(', ');
  const shown = slice === undefined ? '' : ` (slice ${slice}, counted from 0)`;
  const line = `${image}: ${label} ${probability?.toFixed(3) ?? Number(value!.toPrecision(4))} -> ${files}${shown}`;
  if (!sliceWeights) return line;
  const heaviest = [...sliceWeights.entries()].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const weights = heaviest.map(([place, weight]) => `${place}: ${(100 * weight).toFixed(1)} %`);
  return `${line}\n  weight of ${sliceWeights.length} slices, the first five: ${weights.join(', ')}`;
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
  return [...parts, ...sitesText(answer), ...written].join('\n');
}

/** Of each site the first figures, one row a figure and a column a site where that fits. */
function sitesText(answer: Readonly<Record<string, unknown>>): string[] {
  const { sites = [] } = answer as {
    sites?: readonly { site: string; samples: number; figures: Record<string, { value: number | null }> }[];
  }; // as Task.evaluate of classification returns it
  if (sites.length === 0) return [];
  const names = Object.keys(sites[0]!.figures);
  const chosen = names.filter((name) => siteFigures.has(name.split('.')[0]!));
  const rows = sites.map(({ site, samples, figures }) => [
    site,
    String(samples),
    ...chosen.map((name) => figures[name]?.value?.toFixed(3) ?? '-'),
  ]);
  return [table([['site', 'images', ...chosen], ...rows])];
}

const siteFigures: ReadonlySet<string> = new Set(['auc', 'accuracy', 'kappaQuadratic', 'mae']);
