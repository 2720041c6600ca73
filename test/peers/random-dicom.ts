import { type BuildEntry, type BuildValue, dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import type { Dataset, Vr } from '../../src/imaging/formats/dicom/dataset.ts';
import {
  deflatedLittleEndian,
  explicitBigEndian,
  explicitLittleEndian,
  implicitLittleEndian,
} from '../../src/imaging/formats/dicom/transfer-syntax.ts';
import { uidFromBytes } from '../../src/imaging/formats/dicom/uid.ts';
import { writeDicom } from '../../src/imaging/formats/dicom/write-dicom.ts';
import { RandomStream } from '../../src/random.ts';

export interface RandomDicom {
  readonly name: string;
  readonly dataset: Dataset;
  readonly bytes: Uint8Array;
}

/** A standard element of each VR, so that implicit files have it, too. */
const elementOf: Readonly<Partial<Record<Vr, string>>> = {
  AE: 'ScheduledStationAETitle',
  AS: 'PatientAge',
  AT: 'FrameIncrementPointer',
  CS: 'ImageType',
  DA: 'DateOfSecondaryCapture',
  DS: 'ImagePositionPatient',
  DT: 'AcquisitionDateTime',
  FD: 'RealWorldValueSlope',
  FL: 'RecommendedDisplayFrameRateInFloat',
  IS: 'ReferencedFrameNumber',
  LO: 'SecondaryCaptureDeviceID',
  LT: 'AdditionalPatientHistory',
  OB: 'ICCProfile',
  OD: 'DoubleFloatPixelData',
  OF: 'VectorGridData',
  OL: 'LongPrimitivePointIndexList',
  OV: 'ExtendedOffsetTable',
  OW: 'RedPaletteColorLookupTableData',
  PN: 'PatientName',
  SH: 'AccessionNumber',
  SL: 'DisplayedAreaTopLeftHandCorner',
  SS: 'TagAngleSecondAxis',
  ST: 'InstitutionAddress',
  SV: 'SelectorSVValue',
  TM: 'SeriesTime',
  UC: 'StrainDescription',
  UI: 'ReferencedFrameOfReferenceUID',
  UL: 'SimpleFrameList',
  UR: 'RetrieveURL',
  US: 'ReferencedSegmentNumber',
  UT: 'TextValue',
  UV: 'SelectorUVValue',
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789äöüßéλжה王小東김희중ひらがな'.split('');

interface Draw {
  readonly integer: (low: number, high: number) => number;
  readonly bytes: (length: number) => Uint8Array;
}

function drawFrom(name: string): Draw {
  const stream = new RandomStream({ seed: 1977, purpose: name });
  const integer = (low: number, high: number) => low + Math.floor(stream.uniform() * (high - low + 1));
  return { integer, bytes: (length) => Uint8Array.from({ length }, () => integer(0, 255)) };
}

const list = <T>(draw: Draw, one: () => T): T[] => Array.from({ length: draw.integer(0, 4) }, one);
const two = (value: number): string => String(value).padStart(2, '0');

/** A row of letters that neither begins nor ends with a space. */
function words(draw: Draw, most: number, ascii = false): string {
  const from = ascii ? letters.slice(0, 36) : letters;
  const text = Array.from(
    { length: draw.integer(0, most) },
    () => from[draw.integer(0, from.length - 1)]!,
  ).join('');
  return text.trim();
}

const date = (draw: Draw): string =>
  `19${two(draw.integer(0, 99))}${two(draw.integer(1, 12))}${two(draw.integer(1, 28))}`;
const time = (draw: Draw): string =>
  `${two(draw.integer(0, 23))}${two(draw.integer(0, 59))}${two(draw.integer(0, 59))}`;
const double = (draw: Draw): number =>
  (draw.integer(-1_000_000, 1_000_000) / 997) * 10 ** draw.integer(-9, 9);

function valueOfVr(draw: Draw, vr: Vr): BuildValue {
  const integers = (low: number, high: number) => list(draw, () => draw.integer(low, high));
  const makers: Readonly<Partial<Record<Vr, () => BuildValue>>> = {
    AE: () => list(draw, () => words(draw, 16, true)),
    AS: () => `0${draw.integer(10, 99)}Y`,
    AT: () => integers(0, 0xffffffff),
    CS: () => list(draw, () => words(draw, 16, true)),
    DA: () => date(draw),
    DS: () => list(draw, () => double(draw)),
    DT: () => `${date(draw)}${time(draw)}.${draw.integer(100000, 999999)}+0100`,
    FD: () => list(draw, () => double(draw)),
    FL: () => list(draw, () => Math.fround(double(draw))),
    IS: () => integers(-0x80000000, 0x7fffffff),
    OB: () => draw.bytes(draw.integer(0, 40)),
    OD: () => list(draw, () => double(draw)),
    OF: () => list(draw, () => Math.fround(double(draw))),
    OL: () => integers(0, 0xffffffff),
    OV: () => list(draw, () => BigInt(draw.integer(0, 2 ** 48))),
    OW: () => integers(0, 0xffff),
    PN: () =>
      [words(draw, 9), words(draw, 9)].join('^') +
      (draw.integer(0, 1) === 0 ? '' : `=王^小東=${words(draw, 5)}`),
    SL: () => integers(-0x80000000, 0x7fffffff),
    SS: () => integers(-0x8000, 0x7fff),
    SV: () => list(draw, () => BigInt(draw.integer(-(2 ** 48), 2 ** 48))),
    TM: () => time(draw),
    UI: () => list(draw, () => uidFromBytes(draw.bytes(16))),
    UL: () => integers(0, 0xffffffff),
    US: () => integers(0, 0xffff),
    UV: () => list(draw, () => BigInt(draw.integer(0, 2 ** 48))),
    UR: () => `https://example.org/${words(draw, 9, true).replace(/ /g, '')}`,
    ST: () => words(draw, 60),
    LT: () => words(draw, 200),
    UT: () => words(draw, 300),
  };
  return makers[vr]?.() ?? list(draw, () => words(draw, 12));
}

function randomEntries(draw: Draw, depth: number): BuildEntry[] {
  const entries: BuildEntry[] = [];
  for (const [vr, keyword] of Object.entries(elementOf)) {
    if (draw.integer(0, 2) === 0) continue;
    const kind = vr as Vr; // the table's keys are VRs
    entries.push([keyword, kind, valueOfVr(draw, kind)]);
  }
  const items = depth === 0 ? [] : list(draw, () => dataset(randomEntries(draw, depth - 1)));
  if (depth > 0) entries.push(['ReferencedSeriesSequence', items]);
  entries.push([0x00091008, 'LT', words(draw, 10)], [0x00090010, 'LO', 'ACUSON']);
  return entries;
}

const syntaxes = { implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedLittleEndian };

/** Data sets drawn from a seed, written in every plain transfer syntax with both kinds of sequence lengths. */
export function randomDicom(): RandomDicom[] {
  const out: RandomDicom[] = [];
  for (const [syntax, transferSyntaxUid] of Object.entries(syntaxes))
    for (const sequenceLengths of ['defined', 'undefined'] as const)
      for (let i = 0; i < 8; i++) {
        const name = `${syntax} ${sequenceLengths} ${i}`;
        const draw = drawFrom(name);
        const given = dataset([
          ...randomEntries(draw, 3),
          ['SOPClassUID', '1.2.840.10008.5.1.4.1.1.7'],
          ['SOPInstanceUID', uidFromBytes(draw.bytes(16))],
        ]);
        out.push({ name, dataset: given, bytes: writeDicom(given, { transferSyntaxUid, sequenceLengths }) });
      }
  return out;
}
