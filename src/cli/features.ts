import type { Command } from 'commander';
import { writeFeatures } from '../tasks/radiomics/features.node.ts';
import {
  isRecording,
  type RecordingFeatures,
  writeRecordingFeatures,
} from '../tasks/radiomics/recording-features.node.ts';
import { nodeSurroundings } from '../tasks/surroundings.node.ts';
import { namesOf, numberOption, type Run } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { runningPath } from './paths.ts';
import { addFeatureOptions, featureSettingsFrom } from './radiomics-options.ts';
import { readObject } from './settings-options.ts';

/** hounsfield features */
export function featuresCommand(program: Command, run: Run): void {
  const command = program
    .command('features <DATA>')
    .description('measure regions of images (radiomics, texture, HOG, LBP …) and write a table')
    .requiredOption('--out <file>', 'table to write: .csv or .parquet');
  addFeatureOptions(command)
    .option('--classes <names>', 'classes joined by commas', namesOf)
    .option('--patient-pattern <regex>', "finds the patient in a file's name: its first group")
    .option('--signal <file>', 'of a recording: JSON with settings (windowS, hopS, bands …)')
    .addOption(numberOption('--workers <n>', 'threads that measure (default: one a core)'))
    .addHelpText(
      'after',
      `
DATA is a CSV with the columns image, mask (and label, patient, site, split, mask_value, case, repeat), a folder with such
a manifest.csv, or a folder for each class with masks beside the images: tumour1.nii.gz, tumour1_mask.nii.gz.
A recording (WFDB, EDF) gives a row for each channel and window.
Each row holds the settings, their SHA-256, those of image and mask, and why a value is missing.

Examples:
  hounsfield features tumours/ --out features.csv
  hounsfield features manifest.csv --preset ibsi-c --out features.parquet
  hounsfield features ecg.hea --out ecg.csv`,
    )
    .action((data: string, options: Record<string, unknown>) =>
      run(async (output) => {
        if (await isRecording(data)) {
          const file = options['signal'];
          const asked = file === undefined ? {} : await readObject(String(file));
          const found = await writeRecordingFeatures(data, String(options['out']), asked);
          return output.result(found, recordingText(found));
        }
        const settings = await featureSettingsFrom(options);
        for (const name of ['classes', 'patientPattern']) {
          if (options[name] !== undefined) settings[name] = options[name];
        }
        const { signal, remove } = onInterrupt(output);
        try {
          const workers = options['workers'] as number | undefined; // parsed as a number
          const request = {
            data,
            out: String(options['out']),
            settings,
            ...(workers === undefined ? {} : { workers }),
          };
          const found = await writeFeatures(request, nodeSurroundings(output.report, signal));
          const { cases, repeats, features, missing, file } = found;
          const lines = [
            `${features} features of ${cases} cases${repeats > 0 ? ` and ${repeats} repeats` : ''}`,
            ...(missing.values > 0
              ? [
                  `${missing.values} values are missing in ${missing.rows} rows; the column 'remarks' says why`,
                ]
              : []),
            `table: ${runningPath(file)}`,
          ];
          return output.result(found, lines.join('\n'));
        } finally {
          remove();
        }
      }),
    );
}

function recordingText({ channels, rows, features, missing, file }: RecordingFeatures): string {
  const gaps = missing > 0 ? `\n${missing} values are missing; the column 'remarks' says why` : '';
  return `${features} features of ${rows} windows of ${channels} channels${gaps}\ntable: ${runningPath(file)}`;
}
