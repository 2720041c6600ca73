import { HounsfieldError } from '../../../../errors.ts';
import type { CodedConcept, Label } from '../../../image/medical-image.ts';
import type { Dataset } from '../dataset.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { colourFromCielab } from './cielab.ts';
import { codeIn, codesIn } from './codes.ts';
import { present } from './present.ts';

/** One segment of a segmentation (PS3.3 C.8.20.2, C.8.20.4). */
export interface Segment {
  readonly number: number;
  readonly label: string;
  readonly description?: string;
  readonly category?: CodedConcept;
  readonly type?: CodedConcept;
  readonly typeModifiers: readonly CodedConcept[];
  readonly anatomicRegion?: CodedConcept;
  readonly anatomicRegionModifiers: readonly CodedConcept[];
  /** AUTOMATIC, SEMIAUTOMATIC or MANUAL; '' where the file does not say. */
  readonly algorithmType: string;
  readonly algorithmName?: string;
  readonly trackingId?: string;
  readonly trackingUid?: string;
  /** sRGB, 0..255. */
  readonly colour?: readonly [number, number, number];
}

function readSegment(item: Dataset): Segment | undefined {
  const segmentNumber = number(item, 'SegmentNumber');
  if (
    segmentNumber === undefined ||
    !Number.isInteger(segmentNumber) ||
    segmentNumber < 0 ||
    segmentNumber > 65535
  ) {
    return undefined;
  }
  const region = sequence(item, 'AnatomicRegionSequence')[0];
  const type = sequence(item, 'SegmentedPropertyTypeCodeSequence')[0];
  return {
    number: segmentNumber,
    label: text(item, 'SegmentLabel') ?? '',
    typeModifiers: type ? codesIn(type, 'SegmentedPropertyTypeModifierCodeSequence') : [],
    anatomicRegionModifiers: region ? codesIn(region, 'AnatomicRegionModifierSequence') : [],
    algorithmType: text(item, 'SegmentAlgorithmType') ?? '',
    ...present({
      description: text(item, 'SegmentDescription'),
      category: codeIn(item, 'SegmentedPropertyCategoryCodeSequence'),
      type: codeIn(item, 'SegmentedPropertyTypeCodeSequence'),
      anatomicRegion: codeIn(item, 'AnatomicRegionSequence'),
      algorithmName:
        text(item, 'SegmentAlgorithmName') ??
        sequence(item, 'SegmentationAlgorithmIdentificationSequence').map((one) =>
          text(one, 'AlgorithmName'),
        )[0],
      trackingId: text(item, 'TrackingID'),
      trackingUid: text(item, 'TrackingUID'),
      colour: colourFromCielab(numbers(item, 'RecommendedDisplayCIELabValue')),
    }),
  };
}

/** The segments in the order of the file. Throws SEGMENTATION_SEGMENTS when there is none or a number comes twice. */
export function readSegments(data: Dataset): Segment[] {
  const segments = sequence(data, 'SegmentSequence').map(readSegment);
  const numbersThere = new Set(segments.map((one) => one?.number));
  if (segments.length === 0 || numbersThere.size < segments.length || numbersThere.has(undefined)) {
    throw new HounsfieldError(
      'SEGMENTATION_SEGMENTS',
      `the segmentation describes ${segments.length} segments, of which ${numbersThere.size} have a number of their own. ` +
        'Each needs one, from 0 to 65535: correct the Segment Sequence.',
    );
  }
  return segments.flatMap((one) => one ?? []);
}

/** A segment as an entry of a label map's table. */
export function segmentLabel(segment: Segment, value: number = segment.number, channel?: number): Label {
  const { label: name, colour, category, type } = segment;
  return { value, name, ...present({ channel, colour, category, type }) };
}
