import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { listDicomFolder } from '../../imaging/formats/dicom/series/list-dicom-folder.node.ts';
import { isReadableImage } from '../../imaging/formats/open.node.ts';
import {
  compareNaturally,
  type ManifestProblem,
  type Sample,
  splitOfWord,
  throwProblems,
} from '../dataset/dataset.ts';
import type { PatientFinder } from '../dataset/load-options.ts';
import { walkFolder } from '../files/walk-folder.node.ts';
import type { RegionCase, RegionCases } from './cases.ts';
import { finishCases } from './finish-cases.ts';
import { maskFinder, roleOf } from './mask-names.ts';
import type { CaseOptions } from './read-cases.node.ts';

/** An image file, or a folder with one DICOM series, below the data. */
interface Picture {
  readonly id: string;
  readonly path: string;
}

/** Masks below a folder by the name that they share with their images. @throws MASK_AMBIGUOUS */
export async function findMasks(root: string): Promise<ReadonlyMap<string, string>> {
  const masks = new Map<string, string>();
  const problems: ManifestProblem[] = [];
  for (const { id } of await findPictures(root)) {
    const { role, key } = roleOf(id);
    if (role !== 'mask') continue;
    const before = masks.get(key);
    if (before !== undefined) problems.push({ code: 'MASK_AMBIGUOUS', text: `${id} and ${before}` });
    masks.set(key, id);
  }
  throwProblems(
    root,
    problems,
    'An image has one mask by its name. Name the pairs in manifest.csv: image, mask, label (a row for each mask).',
  );
  return masks;
}

/** Reads a folder for each class. Called by readCases. */
export async function casesOfFolder(
  root: string,
  options: CaseOptions,
  patientOf: PatientFinder,
): Promise<RegionCases> {
  const masks = await findMasks(root);
  const images = (await findPictures(root)).filter(({ id }) => roleOf(id).role === 'image');
  const maskOf = maskFinder(
    images.map(({ id }) => id),
    masks,
  );
  const problems: ManifestProblem[] = [];
  const cases: RegionCase[] = [];
  const names = new Set<string>();
  const used = new Map<string, string>();
  for (const { id, path: file } of images) {
    const { key } = roleOf(id);
    const folders = key.split('/').slice(0, -1);
    const split = splitOfWord(folders[0] ?? '');
    const className = folders[split === undefined ? 0 : 1] ?? '';
    if (className === '' && options.labels === 'needed') {
      problems.push({ code: 'DATASET_FORM_UNKNOWN', text: `${id} lies in no folder of a class` });
      continue;
    }
    const maskId = maskOf(id);
    if (maskId !== undefined) {
      const other = used.get(maskId);
      if (other !== undefined && options.region !== 'image') {
        problems.push({ code: 'MASK_AMBIGUOUS', text: `${id} and ${other} would share the mask ${maskId}` });
      }
      used.set(maskId, id);
    }
    const needsMask = options.region === 'mask' || options.region === 'box';
    if (maskId === undefined && (needsMask || (options.region === 'auto' && masks.size > 0))) {
      problems.push({ code: 'MASK_MISSING', text: `${id} has no mask (such as ${exampleMask(id)})` });
      continue;
    }
    const patient = patientOf ? patientOf(id) : id;
    if (patient === undefined) {
      problems.push({ code: 'PATIENT_UNKNOWN', text: `${id}: the patient pattern does not match` });
      continue;
    }
    names.add(className);
    const sample: Sample & { className: string } = {
      id,
      source: { kind: 'file', path: file },
      label: -1,
      patient,
      className,
      ...(split ? { split } : {}),
    };
    cases.push({
      id,
      image: file,
      sample,
      ...(maskId === undefined || options.region === 'image'
        ? {}
        : { mask: path.join(root, maskId), maskId }),
    });
  }
  const orphans = [...masks.values()].filter((id) => !used.has(id));
  for (const id of orphans) problems.push({ code: 'MASK_MISSING', text: `${id} is a mask without an image` });
  if (images.length === 0) {
    throw new HounsfieldError(
      'DATASET_FORM_UNKNOWN',
      `${root} holds no image. Put a folder for each class in it, with images and their masks, or write manifest.csv with ` +
        'the columns image, mask, label.',
    );
  }
  const advice =
    'Put each image into a folder named by its class, its mask beside it (name_mask.nii.gz) or in a folder masks of the same structure, or write manifest.csv with the columns image, mask, label; nothing was read or written.';
  throwProblems(root, problems, advice);
  const classes = options.classes ?? [...names].filter((name) => name !== '').sort(compareNaturally);
  const labelled = cases.map((one) => withLabel(one, classes, problems));
  throwProblems(root, problems, advice);
  const notes = cases.some(({ sample }) => sample.split)
    ? ['The split is the one given by the folders.']
    : [];
  return finishCases(
    {
      name: path.basename(path.resolve(root)),
      location: root,
      cases: labelled,
      repeats: [],
      grouped: patientOf !== undefined,
      notes,
      options,
    },
    classes,
  );
}

function withLabel(one: RegionCase, classes: readonly string[], problems: ManifestProblem[]): RegionCase {
  const { className, ...sample } = one.sample as Sample & { className: string }; // put there above
  const label = classes.indexOf(className);
  if (label < 0 && className !== '') {
    const text = `folder '${className}' is not among the classes ${classes.join(', ')}`;
    if (!problems.some((problem) => problem.text === text)) problems.push({ code: 'LABEL_UNKNOWN', text });
  }
  return { ...one, sample: { ...sample, label } };
}

const exampleMask = (id: string): string => {
  const name = path.posix.basename(id);
  const dot = name.indexOf('.');
  return dot < 0 ? `${name}_mask` : `${name.slice(0, dot)}_mask${name.slice(dot)}`;
};

/** Files that are images by their content, and folders that hold one DICOM series each. */
export async function findPictures(root: string, where: 'here' | 'below' = 'below'): Promise<Picture[]> {
  const files = (await walkFolder(root)).filter(
    ({ name, passedOver }) =>
      passedOver === undefined && !isHidden(name) && (where === 'below' || !name.includes('/')),
  );
  const folders = new Map<string, string[]>();
  for (const { name } of files) {
    const folder = path.posix.dirname(name);
    folders.set(folder, [...(folders.get(folder) ?? []), name]);
  }
  const found: Picture[] = [];
  const inSeries = new Set<string>();
  for (const [folder, names] of folders) {
    if (!(await isSeries(path.join(root, folder), names))) continue;
    found.push({ id: folder, path: path.join(root, folder) });
    for (const name of names) inSeries.add(name);
  }
  for (const { name, path: file } of files) {
    if (inSeries.has(name) || TABLES.test(name) || DATA_OF_HEADER.test(name)) continue;
    if (await isReadableImage(file)) found.push({ id: name, path: file });
  }
  return found.sort((a, b) => compareNaturally(a.id, b.id));
}

/** Whether a folder's files are the slices of one DICOM series, and not images each. */
async function isSeries(folder: string, names: readonly string[]): Promise<boolean> {
  const slices = names.length > 1 && names.every((name) => /(^|\/)[^.]*$|\.(dcm|ima)$|\d$/i.test(name));
  if (!slices || names.some((name) => roleOf(path.posix.basename(name)).role === 'mask')) return false;
  const { studies, instances } = await listDicomFolder(folder);
  const series = studies.flatMap((study) => study.series);
  return series.length === 1 && instances === names.length && (series[0]!.stacks[0]?.slices ?? 1) > 1;
}

const TABLES = /\.(csv|tsv|txt|json|md|xlsx?|html|parquet|ya?ml)$/i;
/** Raw data whose header lies beside them and is found by itself. */
const DATA_OF_HEADER = /\.(raw|zraw|raw\.gz|img)$/i;

const isHidden = (name: string): boolean =>
  name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX' || part === 'Thumbs.db');
