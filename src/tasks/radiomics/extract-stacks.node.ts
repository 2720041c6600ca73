import { HounsfieldError } from '../../errors.ts';
import { matrixOf } from '../../learning/classifiers/matrix.ts';
import { version } from '../../version.node.ts';
import { type Dataset, stackImage } from '../dataset/dataset.ts';
import type { TaskSurroundings } from '../task.ts';
import type { FeatureRow, FeatureTable } from './feature-table.ts';
import { contentHash, type MeasureSettings, measureRegion } from './measure-files.node.ts';
import { settingsJson, settingsSha256 } from './settings-hash.node.ts';

/** Pictures between two reports. */
const OFTEN = 64;

/** Features of pictures that a data set holds in memory (npz): whole images, measured here. */
export async function extractStacks(
  dataset: Dataset,
  settings: MeasureSettings,
  { report, signal }: TaskSurroundings,
): Promise<FeatureTable> {
  const rows: FeatureRow[] = [];
  const values: Float64Array[] = [];
  let names: readonly string[] = [];
  for (const [i, { id, source, label, patient, site, split }] of dataset.samples.entries()) {
    if (source.kind !== 'stack') throw new TypeError(`${id} is no picture of a stack`); // npz files hold nothing else
    const image = stackImage(dataset.stacks.get(source.stack)!, source.index);
    const measured = measureRegion(image, null, undefined, settings);
    names = measured.names;
    values.push(measured.values);
    rows.push({
      id,
      case: id,
      patient,
      ...(site === undefined ? {} : { site }),
      ...(split === undefined ? {} : { split }),
      label: dataset.classes[label]!,
      remarks: measured.remarks,
      imageSha256: contentHash(image),
    });
    if (i % OFTEN === 0 || i === dataset.samples.length - 1) {
      await new Promise((resolve) => setImmediate(resolve)); // progress is drawn, Ctrl-C heard
      if (signal?.aborted) {
        throw new HounsfieldError('INTERRUPTED', 'stopped while measuring pictures. Give the command again.');
      }
      report({ kind: 'count', text: 'measuring pictures', done: i + 1, of: dataset.samples.length });
    }
  }
  return {
    names,
    rows,
    matrix: matrixOf(values),
    settings: settingsJson(settings),
    settingsSha256: settingsSha256(settings),
    maker: `hounsfield ${version}`,
  };
}
