import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { isReadableImage } from '../../imaging/formats/open.node.ts';
import {
  compareNaturally,
  type Dataset,
  type ManifestProblem,
  requireTwoClasses,
  type Sample,
  type SplitName,
  splitOfWord,
  throwProblems,
} from './dataset.ts';
import { orderGrades } from './grade-order.ts';
import type { LoadOptions, PatientFinder } from './load-options.ts';

/** Of files that are meant to be images, so that a damaged one is told of. */
const IMAGE_EXTENSIONS = [
  '.png',
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.tif',
  '.tiff',
  '.bmp',
  '.dcm',
  '.nii',
  '.nii.gz',
];

interface ClassFolder {
  readonly split: SplitName | undefined;
  readonly className: string;
  readonly folder: string;
}

/** Reads a folder per class, with or without train/val/test above. Called by loadDataset. */
export async function loadFolder(
  root: string,
  options: LoadOptions,
  patientOf: PatientFinder,
): Promise<Dataset> {
  const graded = options.target === 'grade';
  if (options.target === 'labels' || options.target === 'value') {
    throw new HounsfieldError(
      'TARGET_MISSING',
      `${root} is a folder for each class, which cannot say --target ${options.target}. ` +
        'Write a table: image and label:<name> columns for several labels, image and value for a number.',
    );
  }
  const folders = await findClassFolders(root);
  const names = [...new Set(folders.map((f) => f.className))];
  const ordered = graded && !options.classes ? orderGrades(root, names) : undefined;
  const classes = options.classes ?? ordered?.grades ?? names.sort(compareNaturally);
  const problems: ManifestProblem[] = [];
  const samples: Sample[] = [];
  const passedOver: string[] = [];
  for (const { split, className, folder } of folders) {
    const label = classes.indexOf(className);
    if (label < 0) {
      problems.push({
        code: 'LABEL_UNKNOWN',
        text: `folder '${className}' is not among the classes ${classes.join(', ')}`,
      });
      continue;
    }
    const files = await listFiles(folder);
    let found = 0;
    for (const file of files) {
      const id = path.relative(root, file).split(path.sep).join('/');
      if (!(await looksLikeImage(file))) {
        passedOver.push(id);
        continue;
      }
      found++;
      const patient = patientOf ? patientOf(id) : id;
      if (patient === undefined) {
        problems.push({ code: 'PATIENT_UNKNOWN', text: `${id}: the patient pattern does not match` });
        continue;
      }
      samples.push({ id, source: { kind: 'file', path: file }, label, patient, ...(split ? { split } : {}) });
    }
    if (found === 0)
      problems.push({
        code: 'CLASS_EMPTY',
        text: `folder ${path.relative(root, folder)} holds no image`,
      });
  }
  throwProblems(root, problems, 'Mend or remove these, and run again; nothing was read or written.');
  requireTwoClasses(classes, samples, root);
  return {
    name: path.basename(path.resolve(root)),
    ...(graded ? { target: 'grade' as const } : {}),
    classes,
    samples,
    stacks: new Map(),
    grouping: patientOf ? 'patient' : 'image',
    notes: [...(ordered?.notes ?? []), ...folderNotes(passedOver, folders, patientOf !== undefined)],
  };
}

function folderNotes(
  passedOver: readonly string[],
  folders: readonly ClassFolder[],
  grouped: boolean,
): string[] {
  const notes: string[] = [];
  if (!grouped) {
    notes.push(
      'No patient is known: each image counts as a patient of its own. Name them with a patient pattern.',
    );
  }
  if (folders.some((folder) => folder.split)) notes.push('The split is the one given by the folders.');
  if (passedOver.length > 0) {
    const some = passedOver.slice(0, 5).join(', ');
    notes.push(
      `${passedOver.length} files that are not images were passed over: ${some}${passedOver.length > 5 ? ', …' : ''}`,
    );
  }
  return notes;
}

async function findClassFolders(root: string): Promise<ClassFolder[]> {
  const top = await subfolders(root);
  const splits = top.map(splitOfWord);
  if (top.length > 0 && splits.every((split) => split !== undefined)) {
    const nested = await Promise.all(
      top.map(async (name, i) =>
        (await subfolders(path.join(root, name))).map((className) => ({
          split: splits[i],
          className,
          folder: path.join(root, name, className),
        })),
      ),
    );
    if (nested.some((folders) => folders.length > 0)) return nested.flat();
  }
  if (splits.includes('train') && new Set(splits).size > 2) {
    const odd = top.filter((_, i) => splits[i] === undefined);
    throw new HounsfieldError(
      'DATASET_FORM_UNKNOWN',
      `${root} has folders of a split (${top.filter((_, i) => splits[i]).join(', ')}) and beside them ${odd.join(', ')}. ` +
        'Keep either a folder per class or train, val and test at the top.',
    );
  }
  if (top.length === 0) {
    throw new HounsfieldError(
      'DATASET_FORM_UNKNOWN',
      `${root} has no folders inside and no manifest.csv. Put the images of each class in a folder of that class's name, ` +
        'or write a CSV with the columns image,label[,patient][,split].',
    );
  }
  return top.map((className) => ({ split: undefined, className, folder: path.join(root, className) }));
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries) {
    if (isHidden(entry.name)) continue;
    if (entry.isDirectory()) names.push(entry.name);
    else if (entry.isSymbolicLink()) {
      const inside = await readdir(path.join(folder, entry.name)).catch(() => undefined);
      if (inside) names.push(entry.name);
    }
  }
  return names.sort(compareNaturally);
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter(
      (entry) => !entry.isDirectory() && !isHidden(entry.name) && !hasHiddenPart(folder, entry.parentPath),
    )
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort(compareNaturally);
}

function hasHiddenPart(root: string, folder: string): boolean {
  return path.relative(root, folder).split(path.sep).some(isHidden);
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX' || name === 'Thumbs.db' || name === 'DICOMDIR';
}

/** By extension, or else by the file's first bytes. */
async function looksLikeImage(file: string): Promise<boolean> {
  const name = file.toLowerCase();
  return IMAGE_EXTENSIONS.some((extension) => name.endsWith(extension)) || isReadableImage(file);
}
