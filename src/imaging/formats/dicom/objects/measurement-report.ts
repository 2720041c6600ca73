import type { CodedConcept } from '../../../image/medical-image.ts';
import type { Dataset } from '../dataset.ts';
import {
  type ContentItem,
  type ContentValue,
  type InstanceReference,
  readContentTree,
} from './content-tree.ts';
import { present } from './present.ts';
import { reportCodes as codes, names } from './report-codes.ts';

/** A place in the body, with side and part where given. */
export interface FindingSite {
  readonly site: CodedConcept;
  readonly laterality?: CodedConcept;
  readonly modifier?: CodedConcept;
}

/** A number that was measured. */
export interface Measurement {
  readonly concept: CodedConcept;
  /** Undefined where the report says that there is none; the qualifier says why. */
  readonly value: number | undefined;
  readonly unit: CodedConcept | undefined;
  readonly qualifier?: CodedConcept;
  readonly method?: CodedConcept;
  readonly derivation?: CodedConcept;
  readonly sites: readonly FindingSite[];
  /** Other concept modifiers: what they are and their value. */
  readonly modifiers: readonly { readonly concept: CodedConcept; readonly value: CodedConcept }[];
  readonly images: readonly InstanceReference[];
}

/** A judgement that is no number: its value is a code, or a text. */
export interface QualitativeEvaluation {
  readonly concept: CodedConcept;
  readonly value: CodedConcept | string;
}

/** A region drawn on an image (pixels, column and row) or in the patient (LPS mm). */
export type ReportRegion =
  | {
      readonly kind: 'image';
      readonly graphic: string;
      readonly points: readonly number[];
      readonly image: InstanceReference | undefined;
    }
  | {
      readonly kind: 'patient';
      readonly graphic: string;
      readonly points: readonly number[];
      readonly frameOfReferenceUid: string | undefined;
    };

/** What was measured of one finding (TID 1410, 1411, 1501). */
export interface MeasurementGroup {
  readonly trackingId?: string;
  readonly trackingUid?: string;
  readonly finding?: CodedConcept;
  readonly category?: CodedConcept;
  readonly method?: CodedConcept;
  readonly sites: readonly FindingSite[];
  readonly segments: readonly InstanceReference[];
  readonly sourceImages: readonly InstanceReference[];
  readonly sourceSeriesUids: readonly string[];
  readonly regions: readonly ReportRegion[];
  readonly measurements: readonly Measurement[];
  readonly evaluations: readonly QualitativeEvaluation[];
}

/** The measurements of a TID 1500 report. */
export interface MeasurementReport {
  readonly title: CodedConcept | undefined;
  readonly language?: CodedConcept;
  readonly procedures: readonly CodedConcept[];
  readonly observers: readonly ('person' | 'device')[];
  readonly images: readonly InstanceReference[];
  readonly groups: readonly MeasurementGroup[];
  /** The whole report, for what has no place here. */
  readonly content: ContentItem;
}

const codeOf = ({ value }: ContentItem): CodedConcept | undefined =>
  value.type === 'CODE' ? value.code : undefined;
const textOf = ({ value }: ContentItem): string | undefined => ('text' in value ? value.text : undefined);
const referenceOf = ({ value }: ContentItem): InstanceReference | undefined =>
  'reference' in value ? value.reference : undefined;

function find(item: ContentItem, concept: CodedConcept): ContentItem | undefined {
  return item.children.find((child) => names(child.concept, concept));
}

function all(item: ContentItem, concept: CodedConcept): ContentItem[] {
  return item.children.filter((child) => names(child.concept, concept));
}

/** All items of the tree that carry a concept, from the top down. */
function itemsNamed(root: ContentItem, concept: CodedConcept): ContentItem[] {
  const below = root.children.flatMap((child) => itemsNamed(child, concept));
  return names(root.concept, concept) ? [root, ...below] : below;
}

/**
 * Reads the measurements of a report of TID 1500 (PS3.16): groups anywhere in the tree, with codes of the present and the
 * former terminology. A report of another template has no groups; its content tree is there all the same. Throws CONTENT_TREE.
 */
export function readMeasurementReport(data: Dataset): MeasurementReport {
  const content = readContentTree(data);
  const language = find(content, codes.language);
  const groups = itemsNamed(content, codes.measurementGroup);
  return {
    title: content.concept,
    ...present({ language: language && codeOf(language) }),
    procedures: all(content, codes.procedureReported).flatMap((item) => codeOf(item) ?? []),
    observers: all(content, codes.observerType).map((item) =>
      names(codeOf(item), codes.device) ? 'device' : 'person',
    ),
    images: itemsNamed(content, codes.imageLibraryGroup).flatMap((item) =>
      item.children.flatMap((child) => referenceOf(child) ?? []),
    ),
    groups: groups.map(readGroup),
    content,
  };
}

function readSite(item: ContentItem): FindingSite | undefined {
  const site = codeOf(item);
  if (site === undefined) return undefined;
  const [side, part] = [find(item, codes.laterality), find(item, codes.topographicalModifier)];
  return {
    site,
    ...present({ laterality: side && codeOf(side), modifier: part && codeOf(part) }),
  };
}

/** Coded items that say what the group is about rather than judge it. */
const described: readonly CodedConcept[] = [
  codes.finding,
  codes.findingCategory,
  codes.findingSite,
  codes.measurementMethod,
];

function readGroup(item: ContentItem): MeasurementGroup {
  const optional = {
    trackingId: all(item, codes.trackingIdentifier).map(textOf)[0],
    trackingUid: all(item, codes.trackingUid).map(textOf)[0],
    finding: all(item, codes.finding).map(codeOf)[0],
    category: all(item, codes.findingCategory).map(codeOf)[0],
    method: all(item, codes.measurementMethod).map(codeOf)[0],
  };
  const references = (...concepts: CodedConcept[]) =>
    concepts.flatMap((concept) => all(item, concept).flatMap((child) => referenceOf(child) ?? []));
  return {
    ...present(optional),
    sites: all(item, codes.findingSite).flatMap((child) => readSite(child) ?? []),
    segments: references(codes.referencedSegment, codes.referencedSegmentationFrame),
    sourceImages: references(codes.sourceImageForSegmentation, codes.sourceImage, codes.sourceOfMeasurement),
    sourceSeriesUids: all(item, codes.sourceSeriesForSegmentation).flatMap((child) => textOf(child) ?? []),
    regions: item.children.flatMap((child) => readRegion(child) ?? []),
    measurements: item.children.flatMap((child) => readMeasurement(child) ?? []),
    evaluations: item.children.flatMap((child) => readEvaluation(child) ?? []),
  };
}

function readRegion({ value, children }: ContentItem): ReportRegion | undefined {
  if (value.type === 'SCOORD3D') {
    const { graphic, points, frameOfReferenceUid } = value;
    return { kind: 'patient', graphic, points, frameOfReferenceUid };
  }
  if (value.type !== 'SCOORD') return undefined;
  const image = children.map((child) => referenceOf(child)).find((one) => one !== undefined);
  return { kind: 'image', graphic: value.graphic, points: value.points, image };
}

function isNumber(value: ContentValue): value is Extract<ContentValue, { type: 'NUM' }> {
  return value.type === 'NUM';
}

function readMeasurement(item: ContentItem): Measurement | undefined {
  const { concept, value } = item;
  if (!isNumber(value) || concept === undefined) return undefined;
  const named = [codes.measurementMethod, codes.derivation, codes.findingSite];
  const optional = {
    qualifier: value.qualifier,
    method: all(item, codes.measurementMethod).map(codeOf)[0],
    derivation: all(item, codes.derivation).map(codeOf)[0],
  };
  return {
    concept,
    value: value.value,
    unit: value.unit,
    ...present(optional),
    sites: all(item, codes.findingSite).flatMap((child) => readSite(child) ?? []),
    modifiers: item.children.flatMap((child) => {
      const modifier = codeOf(child);
      const other = child.concept && !named.some((one) => names(child.concept, one));
      return child.relationship === 'HAS CONCEPT MOD' && other && modifier && child.concept
        ? [{ concept: child.concept, value: modifier }]
        : [];
    }),
    images: item.children.flatMap((child) => referenceOf(child) ?? []),
  };
}

function readEvaluation(item: ContentItem): QualitativeEvaluation | undefined {
  const { concept, value, relationship } = item;
  if (concept === undefined || relationship !== 'CONTAINS') return undefined;
  if (described.some((one) => names(concept, one)) || names(concept, codes.trackingIdentifier))
    return undefined;
  if (value.type === 'CODE' && value.code) return { concept, value: value.code };
  return value.type === 'TEXT' ? { concept, value: value.text } : undefined;
}
