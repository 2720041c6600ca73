import { code } from './codes.ts';

/**
 * Concepts of TID 1500 and the templates that it includes (PS3.16, 2024), each with the older code that reports in the field
 * still carry.
 */
export const reportCodes = {
  imagingMeasurementReport: code('126000', 'DCM', 'Imaging Measurement Report'),
  imagingMeasurements: code('126010', 'DCM', 'Imaging Measurements'),
  measurementGroup: code('125007', 'DCM', 'Measurement Group'),
  imageLibrary: code('111028', 'DCM', 'Image Library'),
  imageLibraryGroup: code('126200', 'DCM', 'Image Library Group'),
  language: code('121049', 'DCM', 'Language of Content Item and Descendants'),
  country: code('121046', 'DCM', 'Country of Language'),
  english: code('en-US', 'RFC5646', 'English (United States)'),
  observerType: code('121005', 'DCM', 'Observer Type'),
  person: code('121006', 'DCM', 'Person'),
  device: code('121007', 'DCM', 'Device'),
  personObserverName: code('121008', 'DCM', 'Person Observer Name'),
  deviceObserverUid: code('121012', 'DCM', 'Device Observer UID'),
  deviceObserverName: code('121013', 'DCM', 'Device Observer Name'),
  deviceObserverManufacturer: code('121014', 'DCM', 'Device Observer Manufacturer'),
  deviceObserverModel: code('121015', 'DCM', 'Device Observer Model Name'),
  procedureReported: code('121058', 'DCM', 'Procedure reported'),
  trackingIdentifier: code('112039', 'DCM', 'Tracking Identifier'),
  trackingUid: code('112040', 'DCM', 'Tracking Unique Identifier'),
  finding: code('121071', 'DCM', 'Finding'),
  findingCategory: code('276214006', 'SCT', 'Finding category'),
  findingSite: code('363698007', 'SCT', 'Finding Site'),
  laterality: code('272741003', 'SCT', 'Laterality'),
  topographicalModifier: code('106233006', 'SCT', 'Topographical modifier'),
  measurementMethod: code('370129005', 'SCT', 'Measurement Method'),
  derivation: code('121401', 'DCM', 'Derivation'),
  referencedSegment: code('121191', 'DCM', 'Referenced Segment'),
  referencedSegmentationFrame: code('121214', 'DCM', 'Referenced Segmentation Frame'),
  sourceImageForSegmentation: code('121233', 'DCM', 'Source image for segmentation'),
  sourceSeriesForSegmentation: code('121232', 'DCM', 'Source series for segmentation'),
  sourceImage: code('260753009', 'SCT', 'Source'),
  sourceOfMeasurement: code('121112', 'DCM', 'Source of Measurement'),
  imageRegion: code('111030', 'DCM', 'Image Region'),
  volumeSurface: code('121231', 'DCM', 'Volume Surface'),
  comment: code('121106', 'DCM', 'Comment'),
} as const;

/** Codes of SRT (SNOMED RT) for the same concepts, as written before 2017. */
const older: Readonly<Record<string, string>> = {
  'G-C0E3': reportCodes.findingSite.value,
  'G-C171': reportCodes.laterality.value,
  'G-A1F8': reportCodes.topographicalModifier.value,
  'G-C036': reportCodes.measurementMethod.value,
};

/** True when a code names the concept, in its present or its former terminology. */
export function names(
  given: { readonly value: string; readonly scheme: string } | undefined,
  concept: { readonly value: string; readonly scheme: string },
): boolean {
  if (given === undefined) return false;
  if (given.value === concept.value) return given.scheme === concept.scheme || concept.scheme === 'SCT';
  return (given.scheme === 'SRT' || given.scheme === 'SNM3') && older[given.value] === concept.value;
}
