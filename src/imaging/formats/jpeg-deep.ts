import { isHounsfieldError } from '../../errors.ts';
import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { dicomCodecs } from './dicom/pixels/codec-module.ts';
import { type CodestreamHeader, readCodestream } from './dicom/pixels/codestream.ts';
import { ybrToRgb } from './dicom/pixels/colour.ts';

/** Lossless process with Huffman coding (ITU-T T.81 annex H). */
const LOSSLESS = 0xc3;

/** The header of a JPEG that picture libraries leave to others: more than 8 bits, or lossless; undefined for the rest. */
export function deepJpegHeader(bytes: Uint8Array): CodestreamHeader | undefined {
  const header = readCodestream(bytes);
  const isDeep = header?.kind === 'jpeg' && (header.precision > 8 || header.process === LOSSLESS);
  return isDeep && header.width > 0 && header.height > 0 ? header : undefined;
}

/**
 * Decodes a JPEG of 2..16 bits, lossy of 12 or lossless, grey or of three colours. `fail` makes the error for a stream that
 * cannot be decoded.
 */
export async function decodeDeepJpeg(
  bytes: Uint8Array,
  header: CodestreamHeader,
  fail: (reason: string, cause?: unknown) => Error,
): Promise<MedicalImage> {
  const { width, height, components, precision } = header;
  if (components !== 1 && components !== 3) throw fail(`it has ${components} components`);
  // a lossless sample takes a bit at least, a block of 64 of a lossy one too
  const most = bytes.length * (header.process === LOSSLESS ? 8 : 512);
  if (width * height > most)
    throw fail(`its header says ${width} x ${height} pixels, which this file cannot hold`);
  const isYcc = components === 3 && (header.jfif || header.adobeTransform === 1);
  const bitsAllocated = precision > 8 ? 16 : 8;
  const codecs = await dicomCodecs();
  try {
    const decoded = codecs.decode('DecodeJpeg', {
      bytes,
      width,
      height,
      samples: components,
      bitsAllocated,
      bitsStored: precision,
      signed: false,
      planar: false,
      photometric: components === 1 ? 'MONOCHROME2' : isYcc ? 'YBR_FULL' : 'RGB',
    });
    const count = width * height;
    const view = new DataView(decoded.bytes.buffer, decoded.bytes.byteOffset, decoded.bytes.length);
    const planes =
      bitsAllocated === 16 ? new Uint16Array(components * count) : new Uint8Array(components * count);
    for (let c = 0; c < components; c++) {
      for (let i = 0; i < count; i++) {
        const at = decoded.planar ? c * count + i : i * components + c;
        planes[c * count + i] = bitsAllocated === 16 ? view.getUint16(2 * at, true) : view.getUint8(at);
      }
    }
    if (isYcc) ybrToRgb(planes, 'YBR_FULL', precision);
    return medicalImage(planes, { channels: components, height, width }, precision);
  } catch (cause) {
    if (isHounsfieldError(cause, 'DICOM_CODESTREAM') || cause instanceof RangeError) {
      throw fail('its stream is cut or damaged', cause);
    }
    throw cause;
  }
}
