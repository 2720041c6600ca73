import path from 'node:path';
import type { Dataset } from '../dataset/dataset.ts';
import { loadDataset } from '../dataset/manifest.node.ts';
import type { TaskSurroundings } from '../task.ts';
import type { RegionCase } from './cases.ts';
import { type Extraction, extractFeatures } from './extract.node.ts';
import { extractStacks } from './extract-stacks.node.ts';
import type { FeatureTable } from './feature-table.ts';
import type { MeasureSettings } from './measure-files.node.ts';
import { datasetOf } from './prepare-rows.ts';
import { type CaseOptions, readCases } from './read-cases.node.ts';
import { regionOfCases } from './region-of-cases.ts';
import { openTable } from './table-file.node.ts';

/** Features of a data set's cases, whether they were measured now or before. */
export interface OpenedTable {
  readonly table: FeatureTable;
  readonly dataset: Dataset;
  /** Where the cases come from; absent where the table was made before. */
  readonly sources: readonly RegionCase[] | undefined;
}

/**
 * The table of a data set: a file that 'hounsfield features' wrote, images with masks that are measured now, or pictures of an npz file.
 *
 * @throws what openTable, readCases, extractFeatures and datasetOf throw
 */
export async function tableOfData(
  data: string,
  measure: (region: MeasureSettings['region']) => MeasureSettings,
  options: CaseOptions & Pick<Extraction, 'journal' | 'workers'>,
  around: TaskSurroundings,
): Promise<OpenedTable> {
  const stored = await openTable(data);
  if (stored) {
    const dataset = datasetOf(path.basename(data), stored, options.classes);
    return { table: stored, dataset, sources: undefined };
  }
  if (/\.npz$/i.test(data)) {
    const { classes } = options;
    const loaded = await loadDataset(data, { target: 'class', ...(classes ? { classes } : {}) });
    for (const text of loaded.notes) around.report({ kind: 'note', text });
    return {
      table: await extractStacks(loaded, measure('image'), around),
      dataset: loaded,
      sources: undefined,
    };
  }
  const cases = await readCases(data, options);
  for (const text of cases.dataset.notes) around.report({ kind: 'note', text });
  const table = await extractFeatures(cases, {
    settings: measure(regionOfCases(cases, options.region)),
    report: around.report,
    signal: around.signal,
    ...(options.journal === undefined ? {} : { journal: options.journal }),
    ...(options.workers === undefined ? {} : { workers: options.workers }),
  });
  return { table, dataset: cases.dataset, sources: cases.cases };
}
