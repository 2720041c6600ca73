import { isHounsfieldError } from '../../../src/errors.ts';
import { blobSource } from '../../../src/imaging/formats/byte-source.ts';
import { useDicomCodecs } from '../../../src/imaging/formats/dicom/pixels/codec-module.ts';
import { isSignal } from '../../../src/imaging/formats/file-format.ts';
import { openSource } from '../../../src/imaging/formats/open-source.ts';

/** What of an opened file is compared between a browser and Node.js. */
export interface Gist {
  readonly sides: readonly number[];
  readonly unit: string;
  readonly affine: readonly number[];
  readonly values: readonly number[];
}

/** Opens bytes as a Blob of that name; an error's message in place of a gist. */
export async function openBlob(bytes: readonly number[], name: string): Promise<Gist | string> {
  if (typeof document !== 'undefined')
    useDicomCodecs('/node_modules/dcmjs-codecs/build/dcmjs-native-codecs.wasm');
  try {
    const opened = await openSource(blobSource(new Blob([Uint8Array.from(bytes)]), name));
    if (isSignal(opened)) {
      const [first] = opened.channels;
      return {
        sides: [opened.channels.length],
        unit: first!.unit,
        affine: [],
        values: Array.from(first!.samples),
      };
    }
    const { timePoints, channels, depth, height, width, unit, geometry, pixels } = opened;
    return {
      sides: [timePoints, channels, depth, height, width],
      unit,
      affine: geometry?.affine ?? [],
      values: Array.from(pixels),
    };
  } catch (error) {
    return isHounsfieldError(error) ? error.message : `not coded: ${error}`;
  }
}
