import { describeShape } from '../../engine/graph/shape.ts';
import { elementCount, type Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { resamplePositions } from '../networks/position-embedding.ts';
import {
  type Candidate,
  candidateOf,
  type Layout,
  type Renamed,
  reshaped,
  type Shapes,
} from './candidate.ts';
import { adaptInputChannels } from './input-channels.ts';
import { kerasLayout } from './keras-layout.ts';
import type { NamedTensors } from './safetensors.ts';
import { caffeLayout, timmLayout, torchvisionLayout } from './torch-layouts.ts';

const layouts: Readonly<Record<WeightLayout, Layout>> = {
  torchvision: torchvisionLayout,
  timm: timmLayout,
  keras: kerasLayout,
  caffe: caffeLayout,
};

/** Whose names and order of axes the weights have. */
export type WeightLayout = 'torchvision' | 'timm' | 'keras' | 'caffe';

/** Another way to bring a tensor to the network's shape, such as a grid of positions; undefined where it does not apply. */
export type Fit = (name: string, source: Candidate, wanted: readonly number[]) => Candidate | undefined;

export interface MatchOptions {
  /** 'auto', the default, takes the one by which most match. */
  readonly layout?: WeightLayout | 'auto';
  /** Replacements in the names of the file, in turn, before anything else. */
  readonly rename?: readonly (readonly [RegExp | string, string])[];
  /** Where the network lies within a larger one, as the names wanted begin: 'image.'. */
  readonly under?: string;
  /** The layer that gives the logits, which is not taken from the weights: 'fc'. */
  readonly ignoreHead?: string;
  /** What to do about shapes that differ: 'error', the default, or 'report' and leave those weights out. */
  readonly misfit?: 'error' | 'report';
  /** Tried where the shape differs and nothing built in helps. */
  readonly fit?: Fit;
}

export interface MatchedWeight {
  readonly name: string;
  /** Its name in the file. */
  readonly from: string;
}

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export interface ChangedWeight extends MatchedWeight {
  readonly given: readonly number[];
  readonly wanted: readonly number[];
  readonly how: string;
}

/** What became of every name on both sides. */
export interface MatchReport {
  readonly layout: WeightLayout;
  readonly matched: readonly MatchedWeight[];
  /** In the network and not among the weights. */
  readonly missing: readonly NamedShape[];
  /** Among the weights and not in the network. */
  readonly leftOver: readonly NamedShape[];
  /** Of those matched: what was changed besides its name and the order of its axes. */
  readonly changed: readonly ChangedWeight[];
  readonly misfit: readonly Omit<ChangedWeight, 'how'>[];
  /** Of the head, left out as was asked. */
  readonly head: readonly string[];
  /** Where the networks of both sides differ. */
  readonly notes: readonly string[];
}

export interface MatchResult {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly report: MatchReport;
}

/** What programs that save networks put before the names. */
const prefixes = [
  'module.',
  'model.',
  'backbone.',
  'encoder.',
  'state_dict.',
  '_orig_mod.',
  'net.',
  'network.',
];

/**
 * Gives a network's parameters and buffers their values from a file, by name.
 *
 * @param wanted names and shapes of the network, in its order
 * @throws WEIGHTS_NOTHING_MATCHED; WEIGHTS_MISFIT with both shapes of up to ten
 */
export function matchWeights(
  wanted: readonly NamedShape[],
  given: Pick<NamedTensors, 'tensors'>,
  options: MatchOptions = {},
): MatchResult {
  const { report, read } = planMatch(wanted, given, options);
  return { tensors: new Map(report.matched.map(({ name }) => [name, read(name)])), report };
}

/** What matchWeights will do, before any number is moved. */
export interface MatchPlan {
  readonly report: MatchReport;
  /** Makes one of those matched. @throws WEIGHTS_MISSING */
  readonly read: (name: string) => Tensor;
}

/** As matchWeights, one weight at a time. @throws WEIGHTS_NOTHING_MATCHED, WEIGHTS_MISFIT */
export function planMatch(
  wanted: readonly NamedShape[],
  { tensors }: Pick<NamedTensors, 'tensors'>,
  options: MatchOptions = {},
): MatchPlan {
  const { layout: asked = 'auto', under = '' } = options;
  const shapes: Shapes = new Map(
    wanted.flatMap(({ name, shape }) => (name.startsWith(under) ? [[name.slice(under.length), shape]] : [])),
  );
  const given = candidates(tensors, shapes, options);
  const best = (Object.keys(layouts) as WeightLayout[]) // the table's own keys
    .filter((layout) => asked === 'auto' || layout === asked)
    .map((layout) => matchBy(layout, layouts[layout](given, shapes), shapes, options))
    .reduce((a, b) => (b.fitting.size > a.fitting.size ? b : a));
  if (best.fitting.size === 0 && best.misfit.length === 0) nothingMatched(tensors, shapes);
  if (best.misfit.length > 0 && options.misfit !== 'report') refuseMisfits(best.misfit);
  const read = (name: string): Tensor => {
    const candidate = name.startsWith(under) ? best.fitting.get(name.slice(under.length)) : undefined;
    if (candidate) return candidate.read();
    throw new HounsfieldError('WEIGHTS_MISSING', `'${name}' is not among the weights that were matched.`);
  };
  return { report: reportOf(best, tensors, shapes, options), read };
}

function reportOf(
  { layout, fitting, changed, misfit, heads, notes }: Matching,
  tensors: ReadonlyMap<string, Tensor>,
  wanted: Shapes,
  options: MatchOptions,
): MatchReport {
  const { under = '' } = options;
  const misfits = new Set(misfit.map(({ name }) => name));
  const isMissing = (name: string) => !fitting.has(name) && !misfits.has(name) && !isHead(name, options);
  const consumed = usedNames(
    fitting,
    new Set([...fitting.values(), ...misfit, ...heads].map(({ from }) => from)),
  );
  return {
    layout,
    matched: [...fitting].map(([name, { from }]) => ({ name: under + name, from })),
    missing: [...wanted].flatMap(([name, shape]) => (isMissing(name) ? [{ name: under + name, shape }] : [])),
    leftOver: [...tensors].flatMap(([name, { dims }]) =>
      // the count of batches is for training by a plain mean, which no network here does
      consumed.has(name) || name.endsWith('num_batches_tracked') ? [] : [{ name, shape: dims }],
    ),
    changed: changed.map((one) => ({ ...one, name: under + one.name })),
    misfit: misfit.map((one) => ({ ...one, name: under + one.name })),
    head: heads.map(({ from }) => from),
    notes,
  };
}

/** Biases that were folded into a mean count as used. */
function usedNames(fitting: ReadonlyMap<string, Candidate>, names: ReadonlySet<string>): ReadonlySet<string> {
  const folded = [...fitting.values()].flatMap(
    ({ how }) => /^less the bias (.+)$/.exec(how ?? '')?.[1] ?? [],
  );
  return new Set([...names, ...folded]);
}

const isHead = (name: string, { ignoreHead, under = '' }: MatchOptions): boolean => {
  const head = ignoreHead?.startsWith(under) ? ignoreHead.slice(under.length) : ignoreHead;
  return head !== undefined && (name === head || name.startsWith(`${head}.`));
};

/** The weights by name, renamed as asked, without prefixes that the network does not have. */
function candidates(
  tensors: ReadonlyMap<string, Tensor>,
  wanted: Shapes,
  { rename = [] }: MatchOptions,
): ReadonlyMap<string, Candidate> {
  const names = [...wanted.keys()];
  const foreign = prefixes.filter((prefix) => !names.some((name) => name.startsWith(prefix)));
  const given = new Map<string, Candidate>();
  const stripped: [string, Candidate][] = [];
  for (const [from, source] of tensors) {
    if (source.dtype === 'string') continue;
    let name = rename.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), from);
    const whole = name;
    for (let found = true; found; ) {
      const prefix = foreign.find((one) => name.startsWith(one) && name.length > one.length);
      found = prefix !== undefined;
      name = name.slice(prefix?.length ?? 0);
    }
    if (name === whole) given.set(name, candidateOf(from, source));
    else stripped.push([name, candidateOf(from, source)]);
  }
  for (const [name, candidate] of stripped) if (!given.has(name)) given.set(name, candidate);
  return given;
}

interface Matching {
  readonly layout: WeightLayout;
  readonly fitting: Map<string, Candidate>;
  readonly changed: ChangedWeight[];
  readonly misfit: Omit<ChangedWeight, 'how'>[];
  readonly heads: Candidate[];
  readonly notes: readonly string[];
}

function matchBy(
  layout: WeightLayout,
  { byName, notes }: Renamed,
  wanted: Shapes,
  options: MatchOptions,
): Matching {
  const result: Matching = { layout, fitting: new Map(), changed: [], misfit: [], heads: [], notes };
  const first = [...wanted].find(([, shape]) => shape.length >= 3)?.[0];
  for (const [name, shape] of wanted) {
    const candidate = byName.get(name);
    if (!candidate) continue;
    if (isHead(name, options)) {
      result.heads.push(candidate);
      continue;
    }
    const fitted = shapedAs(name, candidate, shape, name === first) ?? options.fit?.(name, candidate, shape);
    const places = { name, from: candidate.from, given: candidate.dims, wanted: shape };
    if (!fitted) {
      result.misfit.push(places);
      continue;
    }
    result.fitting.set(name, fitted);
    if (fitted.how) result.changed.push({ ...places, how: fitted.how });
  }
  return result;
}

/** The candidate in the shape wanted, where that is a matter of writing it differently. */
function shapedAs(
  name: string,
  source: Candidate,
  wanted: readonly number[],
  isFirst: boolean,
): Candidate | undefined {
  const { dims } = source;
  if (`${dims}` === `${wanted}`) return source;
  const sameCount = elementCount(dims) === elementCount(wanted);
  // a dense layer and the convolution over all of its input are the same numbers in the same order
  const [longer, shorter] = dims.length > wanted.length ? [dims, wanted] : [wanted, dims];
  const isDense = shorter.length === 2 && longer.length > 2 && longer[0] === shorter[0];
  const isScalar = elementCount(wanted) === 1 && dims.length <= 1 && wanted.length <= 1;
  if (sameCount && (isDense || isScalar)) {
    return reshaped(source, wanted, isScalar ? undefined : 'a dense layer as a convolution, or back');
  }
  const sameFilters =
    dims.length === wanted.length && dims[0] === wanted[0] && `${dims.slice(2)}` === `${wanted.slice(2)}`;
  if (isFirst && name.endsWith('weight') && dims.length >= 3 && sameFilters) {
    return adaptInputChannels(source, wanted[1]!);
  }
  return name.endsWith('pos_embed') ? resampled(source, wanted) : undefined;
}

/** Positions for another number of patches, where both grids are square. */
function resampled(source: Candidate, wanted: readonly number[]): Candidate | undefined {
  const sides = [source.dims, wanted].map(([, tokens = 0]) => Math.sqrt(tokens - 1));
  const sameRest = `${source.dims.toSpliced(1, 1)}` === `${wanted.toSpliced(1, 1)}` && wanted.length === 3;
  if (!sameRest || !sides.every((side) => Number.isInteger(side) && side > 0)) return undefined;
  const [from, to] = sides as [number, number]; // of both
  return {
    ...source,
    dims: wanted,
    how: `positions of ${from} x ${from} patches interpolated to ${to} x ${to}`,
    read: () => resamplePositions(source.read(), [to, to], [from, from]),
  };
}

const MOST_NAMED = 10;

function refuseMisfits(misfits: readonly Omit<ChangedWeight, 'how'>[]): never {
  const lines = misfits.slice(0, MOST_NAMED).map(({ name, from, given, wanted }) => {
    const source = from === name ? '' : ` (from '${from}')`;
    return `'${name}'${source} is ${describeShape(given)}, the network's ${describeShape(wanted)}`;
  });
  const more = misfits.length > MOST_NAMED ? `; and ${misfits.length - MOST_NAMED} more` : '';
  throw new HounsfieldError(
    'WEIGHTS_MISFIT',
    `${misfits.length} of the weights have another shape than the network: ${lines.join('; ')}${more}. ` +
      "Choose the network that the weights were made for, leave out its head with ignoreHead, or pass misfit: 'report' to draw these anew.",
  );
}

function nothingMatched(tensors: ReadonlyMap<string, Tensor>, wanted: Shapes): never {
  const some = (names: Iterable<string>) => [...names].slice(0, 4).join(', ') || 'none';
  throw new HounsfieldError(
    'WEIGHTS_NOTHING_MATCHED',
    `of ${tensors.size} tensors in the weights (${some(tensors.keys())}, ...) none has a name of the network's ` +
      `${wanted.size} (${some(wanted.keys())}, ...). Choose the network that they were made for, or pass rename: [pattern, replacement].`,
  );
}
