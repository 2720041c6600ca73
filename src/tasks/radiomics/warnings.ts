import { spearman } from '../../evidence/metrics/agreement.ts';
import { fill } from '../report/texts.ts';
import { selectionStability } from './stability.ts';
import { keptColumns } from './table-rows.ts';
import type { RadiomicsTexts } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';

/** Patients of the rarest class for each feature of the model (Peduzzi et al., J Clin Epidemiol 1996). */
const PATIENTS_PER_FEATURE = 10;
const UNSTABLE = 0.4;
const LIKE_VOLUME = 0.9;

/** What a reader must know before believing the figures. */
export function warningsOf(
  {
    prepared,
    development,
    folds,
    fitted,
  }: Pick<RadiomicsRun, 'prepared' | 'development' | 'folds' | 'fitted'>,
  texts: RadiomicsTexts,
): string[] {
  const used = keptColumns(fitted);
  const { names } = prepared;
  const patients = new Set(development.patients).size;
  const rarest = Math.min(
    ...development.classes.map(
      (_, k) => new Set(development.patients.filter((_patient, i) => development.y[i] === k)).size,
    ),
  );
  const warnings: string[] = [];
  if (rarest < PATIENTS_PER_FEATURE * used.length) {
    warnings.push(
      fill(texts.warnSelected, {
        patients: rarest,
        used: used.length,
        ratio: (rarest / used.length).toFixed(1),
      }),
    );
  }
  if (names.length > patients) warnings.push(fill(texts.warnTable, { features: names.length, patients }));
  const { index } = selectionStability(
    folds.map(({ kept }) => kept),
    names.length,
  );
  if (index !== null && index < UNSTABLE) {
    warnings.push(fill(texts.warnUnstable, { index: index.toFixed(2) }));
  }
  const alike = likeVolume(development.x, names, used);
  if (alike.length > 0) {
    warnings.push(
      fill(texts.warnVolume, {
        count: alike.length,
        least: LIKE_VOLUME.toFixed(1),
        names: alike.slice(0, 6).join(', ') + (alike.length > 6 ? ', …' : ''),
      }),
    );
  }
  return warnings;
}

const VOLUME = /(^|_)morph_(approx_)?vol$|shape_(Mesh|Voxel)Volume$/;

/** Features other than volumes that say little more than the volume (Traverso et al., Physica Medica 2020). */
function likeVolume(
  x: RadiomicsRun['development']['x'],
  names: readonly string[],
  used: readonly number[],
): readonly string[] {
  const volume = names.findIndex((name) => VOLUME.test(name));
  if (volume < 0) return [];
  const column = (j: number) => Float64Array.from({ length: x.rows }, (_, i) => x.values[i * x.columns + j]!);
  const volumes = column(volume);
  return used.flatMap((j) => {
    if (j === volume || VOLUME.test(names[j]!)) return [];
    const values = column(j);
    const known = [...values.keys()].filter(
      (i) => Number.isFinite(values[i]!) && Number.isFinite(volumes[i]!),
    );
    const r = spearman(
      known.map((i) => values[i]!),
      known.map((i) => volumes[i]!),
    );
    return Math.abs(r) >= LIKE_VOLUME ? [names[j]!] : [];
  });
}
