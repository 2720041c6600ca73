import type { FeatureModelCard } from '../bundle/model-card.ts';
import type { TaskSurroundings } from '../task.ts';
import { extractFeatures } from './extract.node.ts';
import type { FeatureTable } from './feature-table.ts';
import { looseCases } from './loose-cases.node.ts';
import { measureSettingsOfCard } from './measure-files.node.ts';
import { readCases } from './read-cases.node.ts';
import { openTable } from './table-file.node.ts';

/** Where cases without answers come from: a table (of features, or of images and masks), or files and folders. */
export interface CaseSource {
  readonly table?: string | undefined;
  readonly images: readonly string[];
}

/** Features of cases that a model is to answer for. @throws CASES_MISSING, what openTable, readCases, looseCases and extractFeatures throw */
export async function tableToJudge(
  { table, images }: CaseSource,
  card: FeatureModelCard,
  around: TaskSurroundings,
): Promise<FeatureTable> {
  const settings = measureSettingsOfCard(card);
  const stored = table === undefined ? undefined : await openTable(table);
  if (stored) return stored;
  const cases =
    table === undefined
      ? await looseCases(images, settings)
      : await readCases(table, { region: settings.region, labels: 'optional', classes: card.labels });
  for (const text of cases.dataset.notes) around.report({ kind: 'note', text });
  return extractFeatures(cases, { settings, report: around.report, signal: around.signal });
}
