import type { MedicalImage } from '../image/medical-image.ts';
import { readWhole } from './array-formats.ts';
import { gridFacts } from './describe-image.ts';
import type { FileFormat } from './file-format.ts';
import { decodeJpeg, isJpeg } from './jpeg.node.ts';
import { decodePng, isPng } from './png.node.ts';

function pictureFile(
  name: string,
  extensions: readonly string[],
  matches: (bytes: Uint8Array) => boolean,
  decode: (bytes: Uint8Array, name: string) => Promise<MedicalImage>,
): FileFormat {
  const read: FileFormat['read'] = async (source) => decode(await readWhole(source), source.name);
  return {
    name,
    extensions,
    matches,
    read,
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

/** Formats of pictures, which are decoded by libvips. */
export const rasterFormats: readonly FileFormat[] = [
  pictureFile('PNG', ['.png'], isPng, decodePng),
  pictureFile('JPEG', ['.jpg', '.jpeg', '.jpe', '.jfif'], isJpeg, decodeJpeg),
];
