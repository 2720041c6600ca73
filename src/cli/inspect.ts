import { type Command, Option } from 'commander';
import { formatFingerprint } from '../tasks/dataset/fingerprint-text.ts';
import type { InspectOptions } from '../tasks/dataset/inspect.node.ts';
import { inspectDataset } from '../tasks/dataset/inspect.node.ts';
import { namesOf, numberOption, type Run } from './command.ts';
import { textColumns } from './output.ts';
import { readSteps } from './steps-file.ts';

/** hounsfield inspect */
export function inspectCommand(program: Command, run: Run): void {
  program
    .command('inspect <DATA>')
    .description('what a data set holds: classes, patients, sizes, intensities, duplicates, unreadable files')
    .option('--patient-pattern <regex>', "finds the patient in a file's name: its first group")
    .addOption(
      new Option('--target <kind>', 'what is learned (default: as the data say)').choices([
        'auto',
        'class',
        'labels',
        'grade',
        'value',
      ]),
    )
    .option('--classes <names>', 'classes, labels or grades (low to high), joined by commas', namesOf)
    .option('--volumes', 'samples are volumes, as for 3-D networks and --pooling')
    .option('--preprocess <file>', 'JSON list of transforms done to every image, as in training')
    .addOption(numberOption('--seed <n>', 'of the split shown (default: 1)'))
    .addHelpText(
      'after',
      `
DATA is a folder with one folder for each class, a CSV or TSV (image,label[,patient][,site][,split]; grade, value or
label:<name> columns instead of label; image:<name> and table:<name> columns for several inputs), or an .npz as MedMNIST stores it.

Examples:
  hounsfield inspect xrays/
  hounsfield inspect xrays/ --patient-pattern '^(p[0-9]+)_'
  hounsfield inspect labels.csv --json`,
    )
    .action((data: string, options: Omit<InspectOptions, 'preprocess'> & { preprocess?: string }) =>
      run(async (output) => {
        const { preprocess, ...rest } = options;
        const found = await inspectDataset(data, {
          ...rest,
          ...(preprocess === undefined ? {} : { preprocess: await readSteps(preprocess) }),
          onProgress: (done, of) => output.report({ kind: 'count', text: 'opening images', done, of }),
        });
        return output.result(found, formatFingerprint(found, textColumns()));
      }),
    );
}
