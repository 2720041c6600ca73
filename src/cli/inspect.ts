import type { Command } from 'commander';
import { formatFingerprint } from '../tasks/dataset/fingerprint-text.ts';
import { inspectDataset } from '../tasks/dataset/inspect.node.ts';
import { numberOption, type Run } from './command.ts';
import { textColumns } from './output.ts';
import { readSteps } from './steps-file.ts';

/** hounsfield inspect */
export function inspectCommand(program: Command, run: Run): void {
  program
    .command('inspect <DATA>')
    .description('what a data set holds: classes, patients, sizes, intensities, duplicates, unreadable files')
    .option('--patient-pattern <regex>', "finds the patient in a file's name: its first group")
    .option('--preprocess <file>', 'JSON list of transforms done to every image, as in training')
    .addOption(numberOption('--seed <n>', 'of the split shown (default: 1)'))
    .addHelpText(
      'after',
      `
DATA is a folder with one folder for each class, a CSV or TSV (image,label[,patient][,split]), or an .npz as MedMNIST
stores it.

Examples:
  hounsfield inspect xrays/
  hounsfield inspect xrays/ --patient-pattern '^(p[0-9]+)_'
  hounsfield inspect labels.csv --json`,
    )
    .action((data: string, options: { patientPattern?: string; seed?: number; preprocess?: string }) =>
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
