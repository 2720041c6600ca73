import { HounsfieldError } from '../../../../errors.ts';
import type { CodedConcept } from '../../../image/medical-image.ts';
import type { Dataset } from '../dataset.ts';
import { number, numbers, sequence, text, texts } from '../values.ts';
import { codeIn } from './codes.ts';

/** An object that a structured report points at. */
export interface InstanceReference {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Frames, counted from 1; empty means all. */
  readonly frames: readonly number[];
  readonly segments: readonly number[];
  /** Of waveforms: pairs of multiplex group and channel, counted from 1. */
  readonly channels: readonly number[];
}

/** The value of one item of a report (PS3.3 C.17.3.2). */
export type ContentValue =
  | { readonly type: 'TEXT' | 'PNAME' | 'DATE' | 'TIME' | 'DATETIME' | 'UIDREF'; readonly text: string }
  | { readonly type: 'CODE'; readonly code: CodedConcept | undefined }
  | {
      readonly type: 'NUM';
      /** Undefined where the report says that there is no value. */
      readonly value: number | undefined;
      readonly unit: CodedConcept | undefined;
      /** Why there is no value, or what limits it: for example 114000, DCM, Not a number. */
      readonly qualifier: CodedConcept | undefined;
    }
  | { readonly type: 'IMAGE' | 'COMPOSITE' | 'WAVEFORM'; readonly reference: InstanceReference | undefined }
  | { readonly type: 'SCOORD'; readonly graphic: string; readonly points: readonly number[] } // pixels: column, row
  | {
      readonly type: 'SCOORD3D';
      readonly graphic: string;
      readonly points: readonly number[]; // LPS mm: x, y, z
      readonly frameOfReferenceUid: string | undefined;
    }
  | {
      readonly type: 'TCOORD';
      readonly range: string;
      /** Sample positions from 1, seconds, or date-times: the one that the report gives. */
      readonly samples: readonly number[];
      readonly offsetsS: readonly number[];
      readonly times: readonly string[];
    }
  | { readonly type: 'CONTAINER'; readonly separate: boolean; readonly template: string | undefined }
  /** A relationship to another item by its place in the tree. */
  | { readonly type: 'REFERENCE'; readonly path: readonly number[] }
  /** A value type that the standard does not have, kept so that the rest can be read. */
  | { readonly type: 'UNKNOWN' };

/** One item of a report and what hangs below it. */
export interface ContentItem {
  /** CONTAINS, HAS PROPERTIES, INFERRED FROM …; '' for the root. */
  readonly relationship: string;
  readonly concept: CodedConcept | undefined;
  readonly value: ContentValue;
  readonly observationUid?: string;
  readonly children: readonly ContentItem[];
}

/** Most items that one report may have. */
const ITEM_LIMIT = 1_000_000;

/**
 * The content of any structured report (PS3.3 A.35) as a tree. Throws CONTENT_TREE when the object has none.
 */
export function readContentTree(data: Dataset): ContentItem {
  if (text(data, 'ValueType') !== 'CONTAINER') {
    throw new HounsfieldError(
      'CONTENT_TREE',
      'the object has no content tree: its root is no CONTAINER. It is no structured report, or is damaged.',
    );
  }
  const budget = { left: ITEM_LIMIT };
  return readItem(data, '', budget, 0);
}

function readItem(item: Dataset, relationship: string, budget: { left: number }, depth: number): ContentItem {
  if (--budget.left < 0 || depth > 200) {
    throw new HounsfieldError(
      'CONTENT_TREE',
      `the report has more than ${depth > 200 ? '200 levels' : `${ITEM_LIMIT} items`}. It is damaged: fetch it again.`,
    );
  }
  const observationUid = text(item, 'ObservationUID');
  return {
    relationship,
    concept: codeIn(item, 'ConceptNameCodeSequence'),
    value: readContentValue(item),
    ...(observationUid !== undefined && { observationUid }),
    children: sequence(item, 'ContentSequence').map((child) =>
      readItem(child, text(child, 'RelationshipType') ?? '', budget, depth + 1),
    ),
  };
}

const TEXT_KEYWORDS = {
  TEXT: 'TextValue',
  PNAME: 'PersonName',
  DATE: 'Date',
  TIME: 'Time',
  DATETIME: 'DateTime',
  UIDREF: 'UID',
} as const;

const isTextType = (type: string): type is keyof typeof TEXT_KEYWORDS => type in TEXT_KEYWORDS;

function readContentValue(item: Dataset): ContentValue {
  const type = text(item, 'ValueType') ?? '';
  if (isTextType(type)) return { type, text: texts(item, TEXT_KEYWORDS[type]).join('\\') };
  switch (type) {
    case 'CODE':
      return { type, code: codeIn(item, 'ConceptCodeSequence') };
    case 'NUM':
      return readNumber(item);
    case 'IMAGE':
    case 'COMPOSITE':
    case 'WAVEFORM':
      return { type, reference: readReference(item) };
    case 'SCOORD':
      return { type, graphic: text(item, 'GraphicType') ?? '', points: numbers(item, 'GraphicData') };
    case 'SCOORD3D':
      return {
        type,
        graphic: text(item, 'GraphicType') ?? '',
        points: numbers(item, 'GraphicData'),
        frameOfReferenceUid: text(item, 'ReferencedFrameOfReferenceUID'),
      };
    case 'TCOORD':
      return {
        type,
        range: text(item, 'TemporalRangeType') ?? '',
        samples: numbers(item, 'ReferencedSamplePositions'),
        offsetsS: numbers(item, 'ReferencedTimeOffsets'),
        times: texts(item, 'ReferencedDateTime'),
      };
    case 'CONTAINER': {
      const template = sequence(item, 'ContentTemplateSequence')[0];
      return {
        type,
        separate: text(item, 'ContinuityOfContent') !== 'CONTINUOUS',
        template: template && text(template, 'TemplateIdentifier'),
      };
    }
    case '': {
      const path = numbers(item, 'ReferencedContentItemIdentifier');
      if (path.length > 0) return { type: 'REFERENCE', path };
    }
  }
  return { type: 'UNKNOWN' };
}

function readNumber(item: Dataset): ContentValue {
  const measured = sequence(item, 'MeasuredValueSequence')[0];
  const exact = measured && number(measured, 'FloatingPointValue');
  return {
    type: 'NUM',
    value: exact ?? (measured && number(measured, 'NumericValue')),
    unit: measured && codeIn(measured, 'MeasurementUnitsCodeSequence'),
    qualifier: codeIn(item, 'NumericValueQualifierCodeSequence'),
  };
}

function readReference(item: Dataset): InstanceReference | undefined {
  const reference = sequence(item, 'ReferencedSOPSequence')[0];
  return (
    reference && {
      sopClassUid: text(reference, 'ReferencedSOPClassUID') ?? '',
      sopInstanceUid: text(reference, 'ReferencedSOPInstanceUID') ?? '',
      frames: numbers(reference, 'ReferencedFrameNumber'),
      segments: numbers(reference, 'ReferencedSegmentNumber'),
      channels: numbers(reference, 'ReferencedWaveformChannels'),
    }
  );
}
