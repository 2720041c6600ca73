import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { encodeCsvSignal } from '../../imaging/formats/csv-signal/write-csv-signal.ts';
import { writeEdf } from '../../imaging/formats/edf/write-edf.ts';
import { isSignal, type Opened } from '../../imaging/formats/file-format.ts';
import { writeNiftiPair } from '../../imaging/formats/nifti/write-nifti.ts';
import { encodeNpy } from '../../imaging/formats/npy.ts';
import { encodeNpz } from '../../imaging/formats/npz.ts';
import { surfaceOf } from '../../imaging/formats/surface/marching-cubes.ts';
import { writeObj } from '../../imaging/formats/surface/obj.ts';
import { writeStl } from '../../imaging/formats/surface/stl.ts';
import { volumeFormats } from '../../imaging/formats/volume-formats.ts';
import { writeWfdb } from '../../imaging/formats/wfdb/write-wfdb.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import type { MedicalImage } from '../../imaging/image/medical-image.ts';
import type { Signal } from '../../imaging/signal/signal.ts';

/** Files by name, beside one another. */
type Files = Readonly<Record<string, Uint8Array>>;

interface Writer {
  readonly extensions: readonly string[];
  readonly holds: 'image' | 'signal';
  /** `name` is the last part of the path. */
  readonly write: (opened: Opened, name: string) => Promise<Files>;
}

const imageWriter = (
  extensions: readonly string[],
  write: (image: MedicalImage, name: string) => Uint8Array | Promise<Uint8Array>,
): Writer => ({
  extensions,
  holds: 'image',
  write: async (opened, name) => ({ [name]: await write(asImage(opened, name), name) }),
});

const shapeOf = (image: MedicalImage): readonly number[] => {
  const { timePoints, channels, depth, height, width } = image;
  const sides = [timePoints, channels, depth, height, width];
  const first = sides.findIndex((side) => side > 1);
  return sides.slice(Math.min(3, first < 0 ? 3 : first));
};

/** What can be written, by extension; adding a format is one row. */
const writers: readonly Writer[] = [
  {
    extensions: ['.hdr.gz', '.img.gz', '.hdr', '.img'],
    holds: 'image',
    write: async (opened, name) => {
      const [, stem, end = ''] = /^(.*)\.(?:hdr|img)(\.gz)?$/i.exec(name)!; // by one of the extensions above
      const { header, data } = await writeNiftiPair(asImage(opened, name), { compressed: end !== '' });
      return { [`${stem}.hdr${end}`]: header, [`${stem}.img${end}`]: data };
    },
  },
  ...volumeFormats.flatMap(({ extensions, write }) => (write ? [imageWriter(extensions, write)] : [])),
  imageWriter(['.png'], encodePng),
  imageWriter(['.npy'], (image) => encodeNpy(shapeOf(image), image.pixels)),
  imageWriter(['.npz'], (image) => encodeNpz({ image: { shape: shapeOf(image), data: image.pixels } })),
  imageWriter(['.stl'], (image) => writeStl(surfaceOf(image))),
  imageWriter(['.obj'], (image) => writeObj(surfaceOf(image))),
  {
    extensions: ['.edf'],
    holds: 'signal',
    write: async (opened, name) => ({ [name]: writeEdf(asSignal(opened, name)) }),
  },
  {
    extensions: ['.csv'],
    holds: 'signal',
    write: async (opened, name) => ({ [name]: encodeCsvSignal(asSignal(opened, name)) }),
  },
  {
    extensions: ['.hea'],
    holds: 'signal',
    write: async (opened, name) => writeWfdb(asSignal(opened, name), { name: name.slice(0, -'.hea'.length) }),
  },
];

/** Extensions that are written; .dcm by dicomObject, which needs more than an image. */
export const writtenExtensions: readonly string[] = [
  ...new Set(writers.flatMap(({ extensions }) => extensions)),
  '.dcm',
];

function asImage(opened: Opened, name: string): MedicalImage {
  if (!isSignal(opened)) return opened;
  throw kindFault(name, 'a recording', 'an image');
}

function asSignal(opened: Opened, name: string): Signal {
  if (isSignal(opened)) return opened;
  throw kindFault(name, 'an image', 'a recording');
}

function kindFault(name: string, got: string, holds: string): HounsfieldError {
  return new HounsfieldError(
    'CONVERT_KIND',
    `what was opened is ${got}, and ${path.extname(name)} holds ${holds}. Choose another extension.`,
  );
}

/** The files that hold what was opened in the format of a name's extension. Throws CONVERT_FORMAT, CONVERT_KIND and what the writer throws. */
export async function filesFor(opened: Opened, name: string): Promise<Files> {
  const lower = name.toLowerCase();
  const writer = writers.find(({ extensions }) => extensions.some((extension) => lower.endsWith(extension)));
  if (writer) return writer.write(opened, name);
  throw new HounsfieldError(
    'CONVERT_FORMAT',
    `'${path.extname(name)}' is not a format that is written; there are ${writtenExtensions.join(', ')}. Choose one of these.`,
  );
}
