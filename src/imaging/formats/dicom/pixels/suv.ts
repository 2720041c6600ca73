import { HounsfieldError } from '../../../../errors.ts';
import type { IntensityUnit } from '../../../image/medical-image.ts';
import type { DicomFile, Tag } from '../dataset.ts';
import { number, numbers, sequence, text, texts } from '../values.ts';
import { dicomSeconds, timeOfDay } from './dicom-time.ts';

/** What a standardized uptake value is relative to. Lean mass by Janmahasatian or, where named so, by James. */
export type SuvKind = 'SUVbw' | 'SUVlbm' | 'SUVlbm-james' | 'SUVbsa';

/** What values after the rescale are multiplied by to become SUV. */
export interface SuvScale {
  readonly factor: number;
  readonly unit: IntensityUnit;
  readonly kind: SuvKind;
  /** Where the factor comes from, for MedicalImage.reading: no patient data. */
  readonly by: string;
}

const unitOf: Readonly<Record<SuvKind, IntensityUnit>> = {
  SUVbw: 'SUVbw',
  SUVlbm: 'SUVlbm',
  'SUVlbm-james': 'SUVlbm',
  SUVbsa: 'SUVbsa',
};

/**
 * The factor from a PET image's values (after rescale) to SUV, by QIBA's vendor-neutral rule: activity per millilitre over
 * the dose, decayed to the scan's start where the image is, per gram (or square centimetre) of the patient. Philips' CNTS
 * by its private factors, GE's start of the scan by its private date. Throws SUV_ATTRIBUTE_MISSING, SUV_UNITS, SUV_NOT_PET.
 */
export function suvScale(file: DicomFile, kind: SuvKind = 'SUVbw'): SuvScale {
  const { dataset } = file;
  if (text(dataset, 'Modality') !== 'PT') {
    throw new HounsfieldError(
      'SUV_NOT_PET',
      `${file.source.name} is not a PET image, and only PET images have uptake values. Leave unit at 'file'.`,
    );
  }
  const missing: string[] = [];
  const units = text(dataset, 'Units');
  const weightG = () => 1000 * positive(file, 'PatientWeight', missing);
  const result = (factor: number, by: string): SuvScale => {
    if (missing.length > 0) throw lacking(file, missing);
    if (Number.isFinite(factor) && factor > 0) return { factor, unit: unitOf[kind], kind, by };
    throw new HounsfieldError(
      'SUV_UNITS',
      `${file.source.name}: dose, times and body size give no usable factor (${factor}). Check them, or leave unit at 'file'.`,
    );
  };
  const perBody = () => bodyOver(file, kind, missing);
  if (units === 'GML' || units === 'CM2ML') {
    const type = text(dataset, 'SUVType');
    if (type === 'LBM' || type === 'IBW') {
      throw new HounsfieldError(
        'SUV_UNITS',
        `${file.source.name}: its values are SUV by ${type}, whose formula the file does not name. Leave unit at 'file'.`,
      );
    }
    const has = suvTypeOf(file);
    if (has === kind) return result(1, `Units ${units}`);
    return result(perBody() / bodyOver(file, has, missing), `Units ${units}, from ${has}`);
  }
  if (units === 'CNTS') {
    const suv = philips(file, 0x00);
    if (suv !== undefined) {
      const factor = kind === 'SUVbw' ? suv : (suv * perBody()) / weightG();
      return result(factor, 'Philips SUV scale factor (7053,xx00)');
    }
    const activity = philips(file, 0x09);
    if (activity !== undefined) {
      const dose = decayedDose(file, missing);
      return result((activity * perBody()) / dose, 'Philips activity scale factor (7053,xx09)');
    }
    missing.push("Philips' private factor (7053,xx00) or (7053,xx09)");
    throw lacking(file, missing);
  }
  if (units !== 'BQML') {
    throw new HounsfieldError(
      'SUV_UNITS',
      `${file.source.name}: Units are ${units === undefined ? 'missing' : 'not BQML, GML, CM2ML or CNTS'}, from which no uptake ` +
        "value follows. Leave unit at 'file'.",
    );
  }
  requireCorrected(file);
  const dose = decayedDose(file, missing);
  return result(perBody() / dose, `dose ${correction(file)}`);
}

function lacking(file: DicomFile, missing: readonly string[]): HounsfieldError {
  return new HounsfieldError(
    'SUV_ATTRIBUTE_MISSING',
    `${file.source.name} lacks or has no usable ${[...new Set(missing)].join(', ')}, without which SUV cannot be computed. ` +
      "Ask for the data with it (de-identification often removes it), or leave unit at 'file'.",
  );
}

function positive(file: DicomFile, keyword: string, missing: string[]): number {
  const value = number(file.dataset, keyword);
  if (value !== undefined && Number.isFinite(value) && value > 0) return value;
  missing.push(keyword);
  return Number.NaN;
}

/** SUV Type (0054,1006); absent means body weight. */
export function suvTypeOf(file: DicomFile): SuvKind {
  const type = text(file.dataset, 'SUVType');
  const units = text(file.dataset, 'Units');
  if (type === 'BSA' || units === 'CM2ML') return 'SUVbsa';
  if (type === 'LBMJANMA') return 'SUVlbm';
  if (type === 'LBM' || type === 'LBMJAMES128') return 'SUVlbm-james';
  return 'SUVbw';
}

/** Grams of body or of lean mass, or 1e4 times square metres: what the dose is divided by. */
function bodyOver(file: DicomFile, kind: SuvKind, missing: string[]): number {
  const weightKg = positive(file, 'PatientWeight', missing);
  if (kind === 'SUVbw') return 1000 * weightKg;
  const heightM = positive(file, 'PatientSize', missing);
  if (kind === 'SUVbsa') return 1e4 * bodySurfaceM2(weightKg, heightM);
  const sex = text(file.dataset, 'PatientSex');
  if (sex !== 'M' && sex !== 'F') {
    missing.push('PatientSex (M or F)');
    return Number.NaN;
  }
  return (
    1000 * (kind === 'SUVlbm' ? leanMassKg(weightKg, heightM, sex) : leanMassJamesKg(weightKg, heightM, sex))
  );
}

/** Janmahasatian et al., Clin Pharmacokinet 2005;44:1051, eq. for lean body weight. */
export function leanMassKg(weightKg: number, heightM: number, sex: 'M' | 'F'): number {
  const bodyMassIndex = weightKg / heightM ** 2;
  return (9270 * weightKg) / (sex === 'M' ? 6680 + 216 * bodyMassIndex : 8780 + 244 * bodyMassIndex);
}

/** James 1976 as PS3.16 has it for SUVlbm: falls again for the very heavy. */
export function leanMassJamesKg(weightKg: number, heightM: number, sex: 'M' | 'F'): number {
  const ratio = (weightKg / (heightM * 100)) ** 2;
  return sex === 'M' ? 1.1 * weightKg - 128 * ratio : 1.07 * weightKg - 148 * ratio;
}

/** Du Bois and Du Bois 1916. */
export function bodySurfaceM2(weightKg: number, heightM: number): number {
  return 0.007184 * weightKg ** 0.425 * (heightM * 100) ** 0.725;
}

function requireCorrected(file: DicomFile): void {
  const corrected = texts(file.dataset, 'CorrectedImage');
  if (corrected.length === 0 || corrected.includes('ATTN')) return;
  throw new HounsfieldError(
    'SUV_UNITS',
    `${file.source.name} is not corrected for attenuation, so that its activity is not the patient's. Use the corrected series.`,
  );
}

type Correction = 'START' | 'ADMIN' | 'NONE';

function correction(file: DicomFile): Correction | undefined {
  const value = text(file.dataset, 'DecayCorrection');
  return value === 'START' || value === 'ADMIN' || value === 'NONE' ? value : undefined;
}

/** The injected dose, Bq, at the moment that the image's values are of. */
function decayedDose(file: DicomFile, missing: string[]): number {
  const drug = sequence(file.dataset, 'RadiopharmaceuticalInformationSequence')[0];
  const dose = drug && number(drug, 'RadionuclideTotalDose');
  const halfLifeS = drug && number(drug, 'RadionuclideHalfLife');
  const kind = correction(file);
  if (!(dose !== undefined && dose > 0)) missing.push('RadionuclideTotalDose');
  if (kind === undefined) missing.push('DecayCorrection');
  if (kind === 'ADMIN') return dose ?? Number.NaN;
  if (!(halfLifeS !== undefined && halfLifeS > 0)) missing.push('RadionuclideHalfLife');
  const scan =
    kind === 'NONE' ? midFrame(file, halfLifeS ?? Number.NaN, missing) : scanStart(file, halfLifeS, missing);
  const injection = injectionTime(file, scan, missing);
  if (missing.length > 0) return Number.NaN;
  return dose! * 2 ** (-(scan! - injection!) / halfLifeS!); // what is missing was returned for above
}

/** Seconds of the injection; a time without a date is of the scan's day, or the day before when later than the scan. */
function injectionTime(file: DicomFile, scan: number | undefined, missing: string[]): number | undefined {
  const drug = sequence(file.dataset, 'RadiopharmaceuticalInformationSequence')[0];
  const whole = drug && text(drug, 'RadiopharmaceuticalStartDateTime');
  const dated = whole === undefined ? undefined : dicomSeconds(whole.slice(0, 8), whole.slice(8));
  if (dated !== undefined) return dated;
  const time = drug && text(drug, 'RadiopharmaceuticalStartTime');
  const seconds = time === undefined ? undefined : timeOfDay(time);
  if (seconds === undefined) missing.push('RadiopharmaceuticalStartDateTime or RadiopharmaceuticalStartTime');
  if (seconds === undefined || scan === undefined) return undefined;
  const day = 86400;
  const sameDay = Math.floor(scan / day) * day + seconds;
  return sameDay > scan ? sameDay - day : sameDay;
}

function dated(file: DicomFile, of: 'Series' | 'Acquisition'): number | undefined {
  const date = text(file.dataset, `${of}Date`);
  const time = text(file.dataset, `${of}Time`);
  return date === undefined || time === undefined ? undefined : dicomSeconds(date, time);
}

/** When the scan began: Series Time unless it is later than the acquisition; then GE's date, or counted back. */
function scanStart(file: DicomFile, halfLifeS: number | undefined, missing: string[]): number | undefined {
  const [series, acquisition] = [dated(file, 'Series'), dated(file, 'Acquisition')];
  if (acquisition === undefined) missing.push('AcquisitionDate and AcquisitionTime');
  if (series !== undefined && acquisition !== undefined && series <= acquisition) return series;
  const ge = geScanStart(file);
  if (ge !== undefined) return ge;
  const reference = number(file.dataset, 'FrameReferenceTime');
  if (reference === undefined) missing.push('FrameReferenceTime (Series Time is later than the acquisition)');
  if (acquisition === undefined || reference === undefined) return undefined;
  return acquisition - reference / 1000 + averageCountTime(file, halfLifeS ?? Number.NaN, missing);
}

function midFrame(file: DicomFile, halfLifeS: number, missing: string[]): number | undefined {
  const acquisition = dated(file, 'Acquisition');
  if (acquisition === undefined) missing.push('AcquisitionDate and AcquisitionTime');
  const within = averageCountTime(file, halfLifeS, missing);
  return acquisition === undefined ? undefined : acquisition + within;
}

/** Seconds into the frame at which the activity equals the frame's mean (QIBA FDG-PET profile, appendix). */
function averageCountTime(file: DicomFile, halfLifeS: number, missing: string[]): number {
  const duration = number(file.dataset, 'ActualFrameDuration');
  if (!(duration !== undefined && duration > 0)) {
    missing.push('ActualFrameDuration');
    return Number.NaN;
  }
  const rate = Math.LN2 / halfLifeS;
  const decay = (rate * duration) / 1000;
  return Math.log(decay / (1 - Math.exp(-decay))) / rate;
}

/** A private attribute's element: its block found by the creator's name. */
function privateTag(file: DicomFile, group: number, creator: string, element: number): Tag | undefined {
  for (let block = 0x10; block <= 0xff; block++) {
    const reserving = ((group << 16) | block) >>> 0;
    if (!file.dataset.elements.has(reserving)) continue;
    if (text(file.dataset, reserving)?.trim() === creator)
      return ((group << 16) | (block << 8) | element) >>> 0;
  }
  return undefined;
}

function philips(file: DicomFile, element: number): number | undefined {
  const tag = privateTag(file, 0x7053, 'Philips PET Private Group', element);
  if (tag === undefined || !file.dataset.elements.has(tag)) return undefined;
  // A file without explicit VRs leaves a private value's VR unknown: this one is DS.
  const unknown = file.dataset.elements.get(tag)?.vr === 'UN';
  const value = unknown ? Number(text(file.dataset, tag)) : numbers(file.dataset, tag)[0];
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined;
}

function geScanStart(file: DicomFile): number | undefined {
  const tag = privateTag(file, 0x0009, 'GEMS_PETD_01', 0x0d);
  const value = tag === undefined ? undefined : text(file.dataset, tag);
  return value === undefined ? undefined : dicomSeconds(value.slice(0, 8), value.slice(8));
}
