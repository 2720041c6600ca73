import { type BuildRecord, buildElement, dataset } from '../build-dataset.ts';
import type { DataElement, Dataset, Tag, Vr } from '../dataset.ts';
import { wordBytes } from '../value-representation.ts';

export const dummyText = 'REMOVED';

const dummies: Readonly<Partial<Record<Vr, string>>> = {
  AE: dummyText,
  AS: '000Y',
  CS: dummyText,
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: dummyText,
  LT: dummyText,
  PN: dummyText,
  SH: dummyText,
  ST: dummyText,
  TM: '000000',
  UC: dummyText,
  UI: '2.25.0',
  UR: 'urn:removed',
  UT: dummyText,
};

/** A value that is valid for the VR and tells nothing; undefined for sequences without an item of their own. */
export function dummyElement(tag: Tag, vr: Vr): DataElement | undefined {
  if (vr === 'SQ') {
    const item = dummyItems[tag];
    return item === undefined ? undefined : { tag, vr, items: [dataset(item)] };
  }
  const text = dummies[vr];
  if (text !== undefined) return buildElement(tag, text, vr);
  const width = vr === 'AT' ? 4 : Math.max(2, wordBytes(vr));
  return { tag, vr, bytes: new Uint8Array(width) };
}

export const emptyElement = (tag: Tag, vr: Vr): DataElement =>
  vr === 'SQ' ? { tag, vr, items: [] } : { tag, vr, bytes: new Uint8Array(0) };

const code: BuildRecord = {
  CodeValue: dummyText,
  CodingSchemeDesignator: '99REMOVED',
  CodeMeaning: dummyText,
};
const comment: BuildRecord = {
  CodeValue: '121106',
  CodingSchemeDesignator: 'DCM',
  CodeMeaning: 'Comment',
};

/** One item for each sequence that the table wants to hold a dummy. */
export const dummyItems: Readonly<Record<Tag, BuildRecord>> = {
  // Operator Identification Sequence
  528498: { InstitutionName: dummyText, PersonIdentificationCodeSequence: [code] },
  // Institution Code Sequence
  524418: code,
  // Referenced Performed Procedure Step Sequence
  528657: {
    ReferencedSOPClassUID: '1.2.840.10008.3.1.2.3.3',
    ReferencedSOPInstanceUID: '2.25.0',
  },
  // Flow Identifier Sequence
  3407873: { FlowIdentifier: new Uint8Array(2), FlowTransferSyntaxUID: '1.2.840.10008.1.2.7.1' },
  // Person Identification Code Sequence
  4198657: code,
  // Verifying Observer Sequence
  4235379: {
    VerifyingOrganization: dummyText,
    VerificationDateTime: '19000101000000',
    VerifyingObserverName: dummyText,
    VerifyingObserverIdentificationCodeSequence: [],
  },
  // Content Sequence
  4237104: {
    RelationshipType: 'CONTAINS',
    ValueType: 'TEXT',
    ConceptNameCodeSequence: [comment],
    TextValue: dummyText,
  },
  // Waveform Annotation Sequence
  4239392: { ReferencedWaveformChannels: [1, 0], UnformattedTextValue: dummyText },
  // Graphic Annotation Sequence
  7340033: {
    GraphicLayer: dummyText,
    TextObjectSequence: [
      {
        AnchorPointAnnotationUnits: 'PIXEL',
        AnchorPoint: [1, 1],
        AnchorPointVisibility: 'N',
        UnformattedTextValue: dummyText,
      },
    ],
  },
};

/** The items that a data set made here holds are little endian; in a big-endian file they are turned. */
export function inByteOrder(item: Dataset, littleEndian: boolean): Dataset {
  if (littleEndian) return item;
  const elements = new Map<Tag, DataElement>();
  for (const [tag, element] of item.elements) {
    if (element.items !== undefined)
      elements.set(tag, { ...element, items: element.items.map((inner) => inByteOrder(inner, false)) });
    else elements.set(tag, { ...element, bytes: turned(element.bytes!, wordBytes(element.vr)) });
  }
  return { ...item, elements, littleEndian: false };
}

function turned(bytes: Uint8Array, width: number): Uint8Array {
  const out = bytes.slice();
  for (let at = 0; at + width <= out.length; at += width) out.subarray(at, at + width).reverse();
  return out;
}
