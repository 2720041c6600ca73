import { stat } from 'node:fs/promises';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { type ManifestProblem, type Sample, throwProblems } from '../dataset/dataset.ts';
import type { RegionCase, RegionCases } from './cases.ts';
import { findPictures } from './cases-folder.node.ts';
import { roleOf } from './mask-names.ts';
import type { MeasureSettings } from './measure-files.node.ts';

interface Named {
  readonly id: string;
  readonly path: string;
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
  const files = (await Promise.all(paths.map(filesAt))).flat();
  const masks = new Map<string, string>();
  const problems: ManifestProblem[] = [];
  for (const { id, path: file } of files) {
    const { role, key } = roleOf(id);
    if (role !== 'mask') continue;
    if (masks.has(key))
      problems.push({ code: 'MASK_AMBIGUOUS', text: `${id}: another mask has the same name` });
    masks.set(key, file);
  }
  const cases: RegionCase[] = [];
  for (const { id, path: file } of files) {
    const { role, key } = roleOf(id);
    if (role === 'mask') continue;
    const mask = region === 'image' ? undefined : (masks.get(key) ?? (await maskBeside(file)));
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
  if (!info.isDirectory()) return [{ id: given.split(path.sep).join('/'), path: given }];
  const inside = await findPictures(given);
  // A folder of the files of one series is an image itself.
  if (inside.length === 1 && inside[0]!.id === '.') return [{ id: given, path: given }];
  return inside.map(({ id, path: file }) => ({ id: `${given.split(path.sep).join('/')}/${id}`, path: file }));
}

/** tumour_mask.nii.gz beside tumour.nii.gz, under any of the usual endings. */
async function maskBeside(image: string): Promise<string | undefined> {
  const folder = path.dirname(image);
  const { key } = roleOf(path.basename(image));
  const found = (await findPictures(folder, 'here')).filter(({ id }) => {
    const { role, key: own } = roleOf(id);
    return role === 'mask' && own === key;
  });
  return found.length === 1 ? found[0]!.path : undefined;
}
