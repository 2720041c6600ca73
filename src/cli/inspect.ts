import type { Command } from 'commander';
import { formatFingerprint } from '../tasks/dataset/fingerprint-text.ts';
import { inspectDataset } from '../tasks/dataset/inspect.node.ts';
import { numberOption, type Run } from './command.ts';
import { textColumns } from './output.ts';

/** hounsfield inspect */
export function inspectCommand(program: Command, run: Run): void {
  program
    .command('inspect <DATA>')
    .description('what a data set holds: classes, patients, sizes, intensities, duplicates, unreadable files')
    .option('--patient-pattern <regex>', "finds the patient in a file's name: its first group")
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
    .action((data: string, options: { patientPattern?: string; seed?: number }) =>
      run(async (output) => {
        const found = await inspectDataset(data, {
          ...options,
          onProgress: (done, of) => output.report({ kind: 'count', text: 'opening images', done, of }),
        });
        return output.result(found, formatFingerprint(found, textColumns()));
      }),
    );
}
