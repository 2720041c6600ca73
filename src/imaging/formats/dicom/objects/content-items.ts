import type { CodedConcept } from '../../../image/medical-image.ts';
import type { BuildRecord } from '../build-dataset.ts';
import { codeItem } from './codes.ts';
import type { InstanceReference } from './content-tree.ts';
import type { Measurement, ReportRegion } from './measurement-report.ts';
import { reportCodes as codes } from './report-codes.ts';

/** How an item stands to the one above it (PS3.3 table C.17.3-8). */
export type Relationship =
  | 'CONTAINS'
  | 'HAS OBS CONTEXT'
  | 'HAS CONCEPT MOD'
  | 'HAS PROPERTIES'
  | 'INFERRED FROM'
  | 'SELECTED FROM'
  | 'HAS ACQ CONTEXT';

function item(
  relationship: Relationship,
  type: string,
  concept: CodedConcept | undefined,
  value: BuildRecord,
  children: readonly BuildRecord[] = [],
): BuildRecord {
  return {
    RelationshipType: relationship,
    ValueType: type,
    ...(concept && { ConceptNameCodeSequence: [codeItem(concept)] }),
    ...value,
    ...(children.length > 0 && { ContentSequence: children }),
  };
}

export function containerItem(
  concept: CodedConcept,
  children: readonly BuildRecord[],
  template?: string,
): BuildRecord {
  return item(
    'CONTAINS',
    'CONTAINER',
    concept,
    {
      ContinuityOfContent: 'SEPARATE',
      ...(template !== undefined && {
        ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: template }],
      }),
    },
    children,
  );
}

export function codedItem(
  relationship: Relationship,
  concept: CodedConcept,
  value: CodedConcept,
  children: readonly BuildRecord[] = [],
): BuildRecord {
  return item(relationship, 'CODE', concept, { ConceptCodeSequence: [codeItem(value)] }, children);
}

export function textItem(relationship: Relationship, concept: CodedConcept, value: string): BuildRecord {
  return item(relationship, 'TEXT', concept, { TextValue: value });
}

export function uidItem(relationship: Relationship, concept: CodedConcept, value: string): BuildRecord {
  return item(relationship, 'UIDREF', concept, { UID: value });
}

export function nameItem(relationship: Relationship, concept: CodedConcept, value: string): BuildRecord {
  return item(relationship, 'PNAME', concept, { PersonName: value });
}

export function imageItem(
  relationship: Relationship,
  concept: CodedConcept | undefined,
  reference: InstanceReference,
): BuildRecord {
  const { frames, segments } = reference;
  return item(relationship, 'IMAGE', concept, {
    ReferencedSOPSequence: [
      {
        ReferencedSOPClassUID: reference.sopClassUid,
        ReferencedSOPInstanceUID: reference.sopInstanceUid,
        ...(frames.length > 0 && { ReferencedFrameNumber: frames }),
        ...(segments.length > 0 && { ReferencedSegmentNumber: segments }),
      },
    ],
  });
}

/** A region on an image, with the image it is on, or in the patient. */
export function regionItem(region: ReportRegion): BuildRecord {
  const graphic = { GraphicType: region.graphic, GraphicData: region.points };
  if (region.kind === 'patient') {
    return item('CONTAINS', 'SCOORD3D', codes.imageRegion, {
      ...graphic,
      ReferencedFrameOfReferenceUID: region.frameOfReferenceUid ?? null,
    });
  }
  const image = region.image ? [imageItem('SELECTED FROM', undefined, region.image)] : [];
  return item('CONTAINS', 'SCOORD', codes.imageRegion, graphic, image);
}

/** A measurement with its modifiers; without a value, the qualifier alone (PS3.3 C.18.1). */
export function measurementItem(measurement: Measurement): BuildRecord {
  const { value, unit, qualifier, method, derivation, sites, modifiers, images } = measurement;
  const measured =
    value === undefined || unit === undefined
      ? []
      : [{ ...exactNumber(value), MeasurementUnitsCodeSequence: [codeItem(unit)] }];
  const children = [
    ...modifiers.map((one) => codedItem('HAS CONCEPT MOD', one.concept, one.value)),
    ...(method ? [codedItem('HAS CONCEPT MOD', codes.measurementMethod, method)] : []),
    ...(derivation ? [codedItem('HAS CONCEPT MOD', codes.derivation, derivation)] : []),
    ...sites.map((site) => codedItem('HAS CONCEPT MOD', codes.findingSite, site.site)),
    ...images.map((image) => imageItem('INFERRED FROM', codes.sourceOfMeasurement, image)),
  ];
  return item(
    'CONTAINS',
    'NUM',
    measurement.concept,
    {
      MeasuredValueSequence: measured,
      ...(qualifier && { NumericValueQualifierCodeSequence: [codeItem(qualifier)] }),
    },
    children,
  );
}

/** A number as a decimal string, and as a double where the string cannot hold it (PS3.3 table C.18.1-1). */
function exactNumber(value: number): BuildRecord {
  const exact = String(value).length <= 16;
  return { NumericValue: value, ...(!exact && { FloatingPointValue: value }) };
}
