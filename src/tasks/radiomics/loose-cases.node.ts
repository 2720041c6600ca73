import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { type ManifestProblem, type Sample, throwProblems } from '../dataset/dataset.ts';
import type { RegionCase, RegionCases } from './cases.ts';
import { findPictures } from './cases-folder.node.ts';
import { folderRole, maskFinder, roleOf } from './mask-names.ts';
import type { MeasureSettings } from './measure-files.node.ts';

interface Named {
  readonly id: string;
  readonly path: string;
  /** What its role is read from: folders far above say nothing of it. */
  readonly name: string;
}

/**
 * Cases named one by one or by folder: images, each with the mask of its name among the files named or beside it.
 *
 * @throws CASES_MISSING, FILE_MISSING, MASK_MISSING, MASK_AMBIGUOUS
 */
export async function looseCases(
  paths: readonly string[],
  { region }: Pick<MeasureSettings, 'region'>,
): Promise<RegionCases> {
  if (paths.length === 0) {
    throw new HounsfieldError(
      'CASES_MISSING',
      'no case is named. Give images with their masks beside them (name.nii.gz, name_mask.nii.gz), a folder, or --table with the columns image and mask.',
    );
  }
  const named = (await Promise.all(paths.map(filesAt))).flat();
  // A file named by itself is an image unless its own name says otherwise, when images were asked for.
  const onlyMasks = named.every(({ name }) => roleOf(name).role === 'mask');
  const files = onlyMasks ? named.map((one) => ({ ...one, name: path.basename(one.name) })) : named;
  const masks = new Map<string, string>();
  const problems: ManifestProblem[] = [];
  for (const { id, name, path: file } of files) {
    if (roleOf(name).role !== 'mask') continue;
    const { key } = roleOf(id);
    if (masks.has(key))
      problems.push({ code: 'MASK_AMBIGUOUS', text: `${id}: another mask has the same name` });
    masks.set(key, file);
  }
  const cases: RegionCase[] = [];
  const images = files.filter(({ name }) => roleOf(name).role === 'image');
  const maskOf = maskFinder(
    images.map(({ id }) => id),
    masks,
  );
  for (const { id, path: file } of images) {
    const mask = region === 'image' ? undefined : (maskOf(id) ?? (await maskBeside(file)));
    if (mask === undefined && region !== 'image') {
      problems.push({ code: 'MASK_MISSING', text: `${id} has no mask beside it` });
      continue;
    }
    const sample: Sample = { id, source: { kind: 'file', path: file }, label: -1, patient: id };
    cases.push({
      id,
      image: file,
      sample,
      ...(mask === undefined ? {} : { mask, maskId: path.basename(mask) }),
    });
  }
  if (cases.length === 0 && problems.length === 0) {
    throw new HounsfieldError(
      'CASES_MISSING',
      `${paths.join(', ')}: no image among them, only masks or nothing that can be read. Name the images; their masks are found beside them.`,
    );
  }
  throwProblems(
    'the cases',
    problems,
    'Put the mask beside its image (name_mask.nii.gz), or name the pairs in a table: image, mask.',
  );
  const dataset = {
    name: 'cases',
    classes: [],
    samples: cases.map(({ sample }) => sample),
    stacks: new Map(),
    grouping: 'image' as const,
    notes: [],
  };
  return { dataset, cases, repeats: [] };
}

async function filesAt(given: string): Promise<readonly Named[]> {
  const info = await stat(given).catch(() => undefined);
  if (!info)
    throw new HounsfieldError('FILE_MISSING', `${given} does not exist. Check the path and its spelling.`);
  const id = given.split(path.sep).join('/');
  const itself = { id, path: given, name: path.resolve(given).split(path.sep).slice(-2).join('/') };
  if (!info.isDirectory()) return [itself];
  const inside = await findPictures(given);
  // A folder of the files of one series is an image itself.
  if (inside.length === 1 && inside[0]!.id === '.') return [itself];
  return inside.map(({ id: name, path: file }) => ({ id: `${id}/${name}`, path: file, name }));
}

/** tumour_mask.nii.gz beside tumour.nii.gz under any of the usual endings, or masks/tumour.nii.gz of images/tumour.nii.gz. */
async function maskBeside(image: string): Promise<string | undefined> {
  const whole = path.resolve(image);
  for (const folder of await foldersOfMasks(path.dirname(whole))) {
    const found = new Map<string, string>();
    const images = new Set<string>([path.basename(whole)]);
    for (const { id, path: file } of await findPictures(folder, 'here')) {
      const name = folder === path.dirname(whole) ? id : `masks/${id}`;
      const { role, key } = roleOf(name);
      if (role === 'image') images.add(id);
      else if (found.has(key)) found.delete(key);
      else found.set(key, file);
    }
    const mask = maskFinder([...images], found)(path.basename(whole));
    if (mask !== undefined) return mask;
  }
  return undefined;
}

/** How far above an image a folder named images may be. */
const LEVELS = 4;

/** The image's own folder, and where a folder above it is named images those beside it that are named masks. */
async function foldersOfMasks(folder: string): Promise<readonly string[]> {
  const found = [folder];
  for (let above = folder, level = 0; level < LEVELS; above = path.dirname(above), level++) {
    if (folderRole(path.basename(above)) !== 'image') continue;
    const beside = path.dirname(above);
    const names = await readdir(beside).catch(() => []);
    for (const name of names.sort()) {
      const candidate = path.join(beside, name, path.relative(above, folder));
      if (folderRole(name) === 'mask' && (await stat(candidate).catch(() => undefined))?.isDirectory()) {
        found.push(candidate);
      }
    }
  }
  return found;
}
