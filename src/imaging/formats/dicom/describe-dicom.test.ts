import { expect, test } from 'vitest';
import { dataset } from './build-dataset.ts';
import { describeDicom } from './describe-dicom.ts';
import { readDicomBytes } from './read-dicom.ts';
import { writeDicom } from './write-dicom.ts';

const secret = 'SECRET';
const made = (more: Parameters<typeof dataset>[0]) =>
  readDicomBytes(
    writeDicom(
      dataset({
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
        SOPInstanceUID: '2.25.1',
        Modality: 'CT',
        PatientName: `${secret}^A`,
        PatientID: secret,
        StudyDescription: secret,
        SeriesDescription: secret,
        InstitutionName: secret,
        AccessionNumber: secret,
        ReferringPhysicianName: secret,
        Manufacturer: 'Maker',
        ...more,
      }),
    ),
  );
const factsOf = (file: ReturnType<typeof made>) => new Map(describeDicom(file).facts);

test('an image: sides, values, window, and nothing that names the patient', () => {
  const file = made({
    Rows: 4,
    Columns: 6,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    WindowCenter: 40,
    WindowWidth: 400,
    PixelSpacing: [0.5, 0.5],
    PixelData: new Uint8Array(48),
  });
  const facts = factsOf(file);
  expect(facts.get('object')).toBe('CT Image Storage');
  expect(facts.get('size')).toBe('6 × 4');
  expect(facts.get('values')).toBe('MONOCHROME2, 12 of 16 bits, unsigned');
  expect(facts.get('window')).toBe('centre 40, width 400');
  expect(JSON.stringify(describeDicom(file))).not.toContain(secret);
  expect(JSON.stringify(describeDicom(file, { identity: true }))).toContain(`${secret}^A`);
});

test('a report: its title and number of measurements, values on request alone', () => {
  const code = (value: string, meaning: string) => [
    { CodeValue: value, CodingSchemeDesignator: 'DCM', CodeMeaning: meaning },
  ];
  const file = made({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.34',
    Modality: 'SR',
    ValueType: 'CONTAINER',
    ContinuityOfContent: 'SEPARATE',
    ConceptNameCodeSequence: code('126000', 'Imaging Measurement Report'),
    ContentSequence: [
      {
        RelationshipType: 'CONTAINS',
        ValueType: 'TEXT',
        ConceptNameCodeSequence: code('121106', 'Comment'),
        TextValue: `${secret} is seen`,
      },
    ],
  });
  const facts = factsOf(file);
  expect(facts.get('report')).toBe('Imaging Measurement Report');
  expect(facts.get('measurements')).toBe('0 in 0 groups');
  expect(JSON.stringify(describeDicom(file))).not.toContain(secret);
  expect(JSON.stringify(describeDicom(file, { identity: true }))).toContain(`${secret} is seen`);
});

test('what is broken is told as a problem, not thrown', () => {
  const facts = factsOf(made({ Rows: 4, Columns: 6, BitsAllocated: 99, SamplesPerPixel: 1 }));
  expect(facts.get('problem')).toMatch(/^DICOM_/);
});
