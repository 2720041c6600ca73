import { type Geometry, geometryFrom } from '../geometry/geometry.ts';
import type { MedicalImage } from '../image/medical-image.ts';

/** What a picture's file states of its pixels' size and of its being turned. */
export interface PictureTags {
  /** Pixels in a millimetre, across and down, before it is turned. */
  readonly perMm?: readonly [number, number];
  /** EXIF's orientation, 1 upright: 5..8 change the sides. */
  readonly orientation: number;
}

const PER_INCH = 1 / 25.4;
const PER_CM = 0.1;
/** What EXIF's writers put when they do not know (CIPA DC-008 clause 4.6.4 A). */
const UNKNOWN_PER_INCH = 72;

/** An upright picture with its spacing in frame 'image' where a possible one is stated; `reading` tells when it was turned. */
export function withTags(image: MedicalImage, tags: PictureTags, format: string): MedicalImage {
  const geometry = spacingGeometry(tags);
  const reading = { format, orientation: tags.orientation };
  return { ...image, ...(geometry ? { geometry } : {}), ...(tags.orientation === 1 ? {} : { reading }) };
}

function spacingGeometry({ perMm, orientation }: PictureTags): Geometry | undefined {
  if (!perMm) return undefined;
  const [across, down] = orientation >= 5 ? [perMm[1], perMm[0]] : perMm;
  if (![across, down].every((count) => count > 1e-4 && count < 1e6)) return undefined;
  return geometryFrom({ spacingMm: [1 / across, 1 / down, 1], frame: 'image' });
}

/** From PNG's chunks before the pixels: pHYs where its unit is the metre (ISO/IEC 15948 clause 11.3.5.3), and eXIf. */
export function pngTags(bytes: Uint8Array): PictureTags {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let perMm: readonly [number, number] | undefined;
  let orientation = 1;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    if (type === IEND) break;
    if (type === PHYS && length === 9 && at + 17 <= bytes.length && bytes[at + 16] === 1) {
      perMm = [view.getUint32(at + 8) / 1000, view.getUint32(at + 12) / 1000];
    }
    if (type === EXIF) orientation = exifTags(bytes.subarray(at + 8, at + 8 + length))?.orientation ?? 1;
    at += 12 + length;
  }
  return { orientation, ...(perMm ? { perMm } : {}) };
}

const [IEND, PHYS, EXIF] = [0x49454e44, 0x70485973, 0x65584966];

/**
 * From a JPEG's EXIF or JFIF segment (ITU-T T.871 clause 10.1), EXIF first. EXIF's 72 dpi means unknown; density without a unit
 * is an aspect ratio.
 */
export function jpegTags(bytes: Uint8Array): PictureTags {
  let jfif: readonly [number, number] | undefined;
  let exif: ExifTags | undefined;
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) break;
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    const segment = bytes.subarray(at + 4, at + 2 + length);
    if (marker === 0xe0 && startsWith(segment, 'JFIF\0') && segment.length >= 12) {
      const unit = segment[7];
      const perMm = unit === 1 ? PER_INCH : unit === 2 ? PER_CM : undefined;
      const [x, y] = [segment[8]! * 256 + segment[9]!, segment[10]! * 256 + segment[11]!];
      if (perMm !== undefined && x > 0 && y > 0) jfif ??= [x * perMm, y * perMm];
    } else if (marker === 0xe1 && startsWith(segment, 'Exif\0\0')) {
      exif ??= exifTags(segment.subarray(6));
    }
    at += 2 + length;
  }
  const perMm = exif?.perMm ?? jfif;
  return { orientation: exif?.orientation ?? 1, ...(perMm ? { perMm } : {}) };
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return bytes.length >= text.length && [...text].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

interface ExifTags {
  readonly orientation: number;
  readonly perMm?: readonly [number, number];
}

/** 1..8; what is no orientation means upright. */
function uprightOr(orientation: number): number {
  return orientation >= 1 && orientation <= 8 ? orientation : 1;
}

/** Orientation and resolution of a TIFF directory in an EXIF segment; whatever does not fit is passed over. */
function exifTags(tiff: Uint8Array): ExifTags | undefined {
  if (tiff.length < 14) return undefined;
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  const little = tiff[0] === 0x49;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return undefined;
  const count = view.getUint16(start, little);
  let [orientation, unit] = [1, 2];
  const resolution: [number, number] = [0, 0];
  for (let i = 0, at = start + 2; i < count && at + 12 <= tiff.length; i++, at += 12) {
    const tag = view.getUint16(at, little);
    if (tag === 0x112) orientation = uprightOr(view.getUint16(at + 8, little));
    else if (tag === 0x128) unit = view.getUint16(at + 8, little);
    else if (tag === 0x11a || tag === 0x11b) {
      const place = view.getUint32(at + 8, little);
      if (place + 8 <= tiff.length) {
        resolution[tag - 0x11a] = view.getUint32(place, little) / view.getUint32(place + 4, little);
      }
    }
  }
  const perMm = unit === 2 ? PER_INCH : unit === 3 ? PER_CM : undefined;
  const isUnknown = unit === 2 && resolution.every((value) => value === UNKNOWN_PER_INCH);
  const isLength = resolution.every((value) => value > 0 && Number.isFinite(value));
  if (perMm === undefined || isUnknown || !isLength) return { orientation };
  return { orientation, perMm: [resolution[0] * perMm, resolution[1] * perMm] };
}
