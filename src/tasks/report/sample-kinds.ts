import type { Evidence, SiteEvidence } from '../../evidence/statistics/evidence.ts';
import { gradeEvidence } from '../../evidence/statistics/grade-evidence.ts';
import { labelsEvidence } from '../../evidence/statistics/labels-evidence.ts';
import { valueEvidence } from '../../evidence/statistics/value-evidence.ts';
import { RandomStream } from '../../random.ts';
import type { ReportContent, ReportLanguage } from './content.ts';
import { sampleContent } from './sample-content.ts';

type Kind = 'labels' | 'grade' | 'value';

const COUNT = 160;
const base = {
  patients: Array.from({ length: COUNT }, (_, i) => `p${Math.floor(i / 2)}`),
  seed: 7,
  replicates: 100,
};

const judges: Readonly<Record<Kind, (zh: boolean) => Evidence>> = {
  labels(zh) {
    const random = new RandomStream({ seed: 1, purpose: 'sample-labels' });
    const labels = zh ? ['结节', '积液', '骨折'] : ['nodule', 'effusion', 'fracture'];
    const priors = [0.4, 0.25, 0];
    const targets = Array.from({ length: COUNT }, () => priors.map((prior) => Number(random.chance(prior))));
    const logits = targets.flatMap((row) => row.map((truth) => 3 * truth - 1.5 + 1.2 * random.normal()));
    const probabilities = Float64Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
    const point = { threshold: 0.42, rule: { kind: 'youden' }, chosenOn: 'validation' } as const;
    return labelsEvidence({ ...base, probabilities, targets, labels, operatingPoints: [point, point, null] });
  },
  grade() {
    const random = new RandomStream({ seed: 2, purpose: 'sample-grades' });
    const labels = Array.from({ length: COUNT }, () => random.integer(4));
    const rows = labels.flatMap((label) => {
      const centre = label + 0.7 * random.normal();
      const weights = [0, 1, 2, 3].map((grade) => Math.exp(-1.4 * (grade - centre) ** 2));
      const sum = weights.reduce((a, b) => a + b);
      return weights.map((weight) => weight / sum);
    });
    return gradeEvidence({
      ...base,
      probabilities: Float64Array.from(rows),
      labels,
      grades: ['0', '1', '2', '3'],
    });
  },
  value(zh) {
    const random = new RandomStream({ seed: 3, purpose: 'sample-values' });
    const targets = Array.from({ length: COUNT }, () => [random.uniform(1, 18)]);
    const values = Float64Array.from(targets, ([age]) => 0.95 * age! + 0.6 + 1.1 * random.normal());
    return valueEvidence({
      ...base,
      values,
      targets,
      names: [zh ? '骨龄' : 'bone age'],
      units: [zh ? '岁' : 'years'],
    });
  },
};

/** A made-up report of several labels, grades or numbers, at two sites: nothing in it was measured on real images. */
export function kindContent(kind: Kind, language: ReportLanguage): ReportContent {
  const zh = language === 'zh';
  const { validation: _, ...content } = sampleContent({ language, replicates: 20 });
  const judged = judges[kind](zh);
  const { samples, patients, figures, classes } = judged;
  const sites = (zh ? ['北院', '南院'] : ['north', 'south']).map(
    (site): SiteEvidence => ({
      site,
      samples: samples / 2,
      patients: patients / 2,
      figures,
      perClass: [],
    }),
  );
  const splits = content.data.splits.map((split) => ({ ...split, imagesPerClass: classes.map(() => 40) }));
  return {
    ...content,
    title: zh ? '模拟报告' : `Made-up report: ${kind}`,
    classes,
    data: { ...content.data, splits },
    test: { ...judged, sites },
    validation: judged,
  };
}
