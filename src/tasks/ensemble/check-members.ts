import { HounsfieldError } from '../../errors.ts';
import type { LoadedModel } from '../bundle/load-model.node.ts';
import type { ModelCard } from '../bundle/model-card.ts';

/** A model file that is to become part of an ensemble. */
export interface LoadedMember extends LoadedModel {
  /** Name of the file, for messages. */
  readonly file: string;
  readonly sha256: string;
}

/** What must be the same in all, as a text that can be compared and read. */
const sameInAll: Readonly<Record<string, (card: ModelCard) => string>> = {
  task: ({ task }) => task,
  target: ({ target = 'class' }) => target,
  'bits a value': ({ input }) => String(input.bitDepth),
  'unit of values': ({ input }) => input.unit ?? 'arbitrary',
  'low values are white': ({ input }) => (input.inverted ? 'yes' : 'no'),
  preparation: ({ input }) => JSON.stringify(input.preparation ?? []),
};

/**
 * Models that can be asked together: they answer the same question about images opened alike. Size, normalisation,
 * channels and network may differ, and labels may stand in another order, but for grades, whose order is their meaning.
 *
 * @throws ENSEMBLE_MEMBERS, ENSEMBLE_NESTED, ENSEMBLE_LABELS telling all that differs
 */
export function requireAlike(members: readonly LoadedMember[]): void {
  const nested = members.filter(({ card }) => card.ensemble && card.ensemble.how !== 'soup');
  if (nested.length > 0) {
    throw new HounsfieldError(
      'ENSEMBLE_NESTED',
      `${namesOf(nested)} hold several models already. Name the files of their members instead, with the weights that ` +
        'each shall have.',
    );
  }
  const first = members[0]!;
  const faults = Object.entries(sameInAll).flatMap(([what, read]) => differing(members, what, read));
  const several = members.filter(
    ({ graph }) => graph.inputs.length !== 1 || graph.inputs[0]!.name !== 'image',
  );
  if (several.length > 0) {
    faults.push(
      `${namesOf(several)} takes more than one image, images by name, or clinical values, which members cannot`,
    );
  }
  const twice = members.filter(({ sha256 }, m) => members.findIndex((one) => one.sha256 === sha256) !== m);
  if (twice.length > 0) faults.push(`${namesOf(twice)} is named twice: give it a weight instead`);
  if (faults.length > 0) {
    throw new HounsfieldError(
      'ENSEMBLE_MEMBERS',
      `the models cannot be asked together: ${faults.join('; ')}. Use models of one question and one kind of image.`,
    );
  }
  const ordered = first.card.target === 'grade';
  const setOf = ({ labels }: ModelCard) => (ordered ? labels : [...labels].sort()).join(', ');
  const unitsOf = ({ labels, units }: ModelCard) =>
    labels.map((label, k) => `${label} in ${units?.[k] || '?'}`).sort();
  const labelFaults = [
    ...differing(members, ordered ? 'grades from low to high' : 'labels', setOf),
    ...(first.card.target === 'value' ? differing(members, 'units', (card) => unitsOf(card).join(', ')) : []),
  ];
  if (labelFaults.length === 0) return;
  throw new HounsfieldError(
    'ENSEMBLE_LABELS',
    `the models give different answers: ${labelFaults.join('; ')}. Take models of the same labels.`,
  );
}

const namesOf = (members: readonly LoadedMember[]): string => members.map(({ file }) => file).join(', ');

function differing(
  members: readonly LoadedMember[],
  what: string,
  read: (card: ModelCard) => string,
): string[] {
  const found = new Map<string, LoadedMember[]>();
  for (const member of members) {
    const value = read(member.card);
    found.set(value, [...(found.get(value) ?? []), member]);
  }
  if (found.size === 1) return [];
  return [
    `${what}: ${[...found].map(([value, having]) => `${value} (${namesOf(having)})`).join(' against ')}`,
  ];
}

/** What must be known before an ensemble of these is judged: whose training images may be whose test images. */
export function memberNotes(members: readonly Pick<ModelCard, 'data'>[]): readonly string[] {
  if (members.length < 2) return [];
  const differ = (read: (data: ModelCard['data']) => string | undefined) =>
    new Set(members.map(({ data }) => read(data))).size > 1;
  if (differ(({ fingerprint }) => fingerprint)) {
    return [
      'the members were trained on different data. Judge the ensemble on images that none of them has seen: whether one ' +
        "member's training images are among another's test images is not known.",
    ];
  }
  if (
    !differ(({ splitHashes }) => splitHashes['test']) &&
    !differ(({ splitHashes }) => splitHashes['train'])
  ) {
    return [];
  }
  return [
    'the members were trained on different parts of the same data, as in cross-validation, so that test images of one ' +
      'taught another. Figures of the ensemble on these data would be too good: judge it on new data.',
  ];
}
