import type { ClassificationEvidence, Figure } from './classification-evidence.ts';
import type { GradeEvidence } from './grade-evidence.ts';
import type { LabelsEvidence } from './labels-evidence.ts';
import type { ValueEvidence } from './value-evidence.ts';

/** One site's images, judged by themselves. */
export interface SiteEvidence {
  readonly site: string;
  readonly samples: number;
  readonly patients: number;
  /** The same figures as of the whole. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** Of each class, label or grade the share that is found; empty for numbers. */
  readonly perClass: readonly { readonly name: string; readonly samples: number; readonly recall: Figure }[];
}

/** What is known of a model's answers on one set of samples, by what it learned; a class where `kind` is absent. */
export type Evidence = (ClassificationEvidence | LabelsEvidence | GradeEvidence | ValueEvidence) & {
  /** Present where two or more sites are known. */
  readonly sites?: readonly SiteEvidence[];
};
