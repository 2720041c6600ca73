import type { MedicalImage } from '../image/medical-image.ts';
import { readWhole } from './array-formats.ts';
import { decodeBmp, isBmp } from './bmp.ts';
import { gridFacts } from './describe-image.ts';
import type { FileFormat } from './file-format.ts';

/** A format of pictures that are decoded from the bytes of the whole file. */
export function pictureFormat(
  name: string,
  extensions: readonly string[],
  matches: (bytes: Uint8Array) => boolean,
  decode: (bytes: Uint8Array, name: string) => MedicalImage | Promise<MedicalImage>,
): FileFormat {
  return {
    name,
    extensions,
    matches,
    read: async (source) => decode(await readWhole(source), source.name),
    describe: async (source) => {
      const image = await decode(await readWhole(source), source.name);
      return {
        format: name,
        kind: 'image',
        facts: [...gridFacts(image, image), ['values', `${image.bitDepth} bits`]],
        identity: [],
        warnings: [],
      };
    },
  };
}

export const BMP: FileFormat = pictureFormat('BMP', ['.bmp', '.dib'], isBmp, decodeBmp);
