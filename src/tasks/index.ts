/** Where the wings meet: data sets, tasks, the saved model and its report (Node.js). */
export { type ModelCard, readCard } from './bundle/model-card.ts';
export type { Dataset } from './dataset/dataset.ts';
export { loadDataset } from './dataset/manifest.node.ts';
export { writePhantomDataset } from './dataset/phantom-files.node.ts';
export { splitDataset } from './dataset/split.ts';
export { checkStrings, type StringsChecked } from './files/check-strings.node.ts';
export { type Converted, convertFile } from './files/convert-file.node.ts';
export { type DeidentifiedFolder, deidentifyFolder } from './files/deidentify-folder.node.ts';
export { describePath, type PathDescription } from './files/describe-path.node.ts';
export { viewFile } from './files/view-file.node.ts';
export { taskNamed, tasks } from './registry.ts';
export { renderReport } from './report/render-report.ts';
export type { Task, TaskEvent } from './task.ts';
