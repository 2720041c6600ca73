import type { Evidence } from '../../evidence/statistics/evidence.ts';
import type { FeatureModelCard } from '../bundle/model-card.ts';
import { classCounts, type Dataset } from '../dataset/dataset.ts';
import { samplesHash, splitHashes } from '../dataset/split-hash.node.ts';
import type { ReportContent, ReportSplit } from '../report/content.ts';
import { fill } from '../report/texts.ts';
import { regionCases } from './region-cases.node.ts';
import { choiceSection } from './section-choice.ts';
import { importanceSection } from './section-importance.ts';
import { redundancySection } from './section-redundancy.ts';
import { repeatsSection } from './section-repeats.ts';
import { stabilitySection } from './section-stability.ts';
import { CHOOSING_FIGURES } from './settings.ts';
import { textsOf } from './texts.ts';
import type { RadiomicsRun } from './train.node.ts';
import { warningsOf } from './warnings.ts';

/** A run's report. */
export async function reportContent(run: RadiomicsRun): Promise<ReportContent> {
  const { settings, prepared, card, test, nested, candidates, winner, table } = run;
  const { dataset, splits } = prepared;
  const texts = textsOf(settings.language);
  const hashes = splitHashes(dataset, splits);
  const families = new Set(candidates.map(({ family }) => family)).size;
  const repeats = repeatsSection(run, texts);
  const part = (name: ReportSplit['name'], indices: readonly number[], hash?: string): ReportSplit => ({
    name,
    images: indices.length,
    patients: patientsIn(dataset, indices),
    imagesPerClass: classCounts(dataset, indices),
    ...(hash === undefined ? {} : { hash }),
  });
  const missing = prepared.rows.x.values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  const region = String(card.features.settings['region'] ?? 'mask') as 'mask'; // one of the three, written by this task
  return {
    language: settings.language,
    title: `${card.labels.join(' / ')}: ${dataset.name}`,
    createdAt: card.createdAt,
    purpose: {
      summary: `${fill(texts.summary, {
        winner: winner.candidate.title,
        candidates: candidates.length,
        families,
        figure: CHOOSING_FIGURES[settings.choose].title,
        features: prepared.names.length,
        cases: dataset.samples.length,
      })} ${purposeOf(card, texts)}`,
      intendedUse: settings.intendedUse,
    },
    model: {
      network: card.network,
      networkName: texts.classifier,
      input: inputOf(card, texts),
      file: 'model.onnx',
    },
    classes: dataset.classes,
    data: {
      name: dataset.name,
      fingerprint: card.data.fingerprint,
      splits: [
        part('training', prepared.development, samplesHash(dataset, prepared.development)),
        part('test', splits.test, hashes.test),
      ],
      splitMethod:
        splits.origin === 'given'
          ? texts.splitGiven
          : fill(texts.splitMethod, {
              unit: dataset.grouping === 'patient' ? texts.byPatient : texts.byImage,
              seed: settings.seed,
            }),
      facts: [
        { name: texts.factFeatures, value: String(prepared.names.length) },
        { name: texts.factRegion, value: region },
        { name: texts.factMissing, value: String(missing) },
        { name: texts.factSettings, value: table.settingsSha256 },
        { name: texts.factMaker, value: table.maker },
      ],
    },
    validation: nested,
    validationName: texts.nested,
    test,
    sections: [
      { ...choiceSection(run, texts), warnings: warningsOf(run, texts) },
      await importanceSection(run, texts),
      redundancySection(run, texts),
      stabilitySection(run, texts),
      ...(repeats ? [repeats] : []),
    ],
    cases: await regionCases(run),
    secondPicture: { note: texts.outlineNote, alt: texts.outlineAlt },
    limits: warningsOf(run, texts),
    settings: plainSettings(settings as unknown as Readonly<Record<string, unknown>>), // plain JSON
    provenance: [...Object.entries(card.versions).map(([name, value]) => ({ name, value }))],
  };
}

/** What a report of a finished model on other cases says. */
export function evaluationContent(of: {
  readonly card: FeatureModelCard;
  readonly file: string;
  readonly dataset: Dataset;
  readonly indices: readonly number[];
  readonly split: string;
  readonly evidence: Evidence;
  readonly language: 'en' | 'zh';
}): ReportContent {
  const { card, file, dataset, indices, split, evidence, language } = of;
  const texts = textsOf(language);
  return {
    language,
    title: `${card.labels.join(' / ')}: ${dataset.name}`,
    createdAt: new Date().toISOString(),
    purpose: {
      summary: `${fill(texts.evaluated, { network: card.network, cases: indices.length, split })} ${purposeOf(card, texts)}`,
      intendedUse: card.intendedUse,
    },
    model: {
      network: card.network,
      input: inputOf(card, texts),
      file,
    },
    classes: card.labels,
    data: {
      name: dataset.name,
      fingerprint: samplesHash(dataset, indices),
      splits: [
        {
          name: 'test',
          images: indices.length,
          patients: patientsIn(dataset, indices),
          imagesPerClass: classCounts(dataset, indices),
        },
      ],
      splitMethod: split,
      facts: [{ name: texts.factSettings, value: card.features.settingsSha256 }],
    },
    test: evidence,
    cases: { mistakes: [], correct: [] },
    settings: {},
    provenance: Object.entries(card.versions).map(([name, value]) => ({ name, value })),
  };
}

type Texts = ReturnType<typeof textsOf>;

const purposeOf = ({ labels, features }: FeatureModelCard, texts: Texts): string => {
  const regions = { box: texts.regionsBox, image: texts.regionsImage }[String(features.settings['region'])];
  return fill(texts.purpose, { classes: labels.join(' / '), regions: regions ?? texts.regionsMask });
};

const inputOf = ({ features }: FeatureModelCard, texts: Texts): string =>
  fill(texts.inputText, { features: features.names.length, used: features.used.length });

function patientsIn({ samples, grouping }: Dataset, indices: readonly number[]): number | null {
  if (grouping !== 'patient') return null;
  return new Set(indices.map((index) => samples[index]!.patient)).size;
}

function plainSettings(settings: Readonly<Record<string, unknown>>): ReportContent['settings'] {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      typeof value === 'string' || typeof value === 'number' || value === null ? value : inWords(value),
    ]),
  );
}

/** { name: 'svm', settings: { c: 1 } } as 'name svm, settings c 1'; the parts of a list between semicolons. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map(inWords).join('; ') || '–';
  if (typeof value !== 'object' || value === null) return String(value);
  return (
    Object.entries(value)
      .map(([name, part]) => (name === 'name' ? inWords(part) : `${name} ${inWords(part)}`))
      .join(', ') || '–'
  );
}
