import { ANALYZE } from './analyze/analyze.ts';
import { gridFacts } from './describe-image.ts';
import type { FileFormat, OpenOptions } from './file-format.ts';
import { GIPL } from './gipl/gipl.ts';
import { META_IMAGE } from './metaimage/metaimage.ts';
import { MGH } from './mgh/mgh.ts';
import { NIFTI } from './nifti/nifti.ts';
import { NRRD } from './nrrd/nrrd.ts';
import { readTiff, TIFF } from './tiff/read-tiff.ts';
import type { VolumeFormat, VolumeReadOptions } from './volume-file.ts';
import { VTI } from './vtk/vti.ts';
import { VTK_LEGACY } from './vtk/vtk-legacy.ts';

/** Formats of volumes, those with a signature before those that are guessed from plausible numbers. */
export const volumeFormats: readonly VolumeFormat[] = [
  NIFTI,
  NRRD,
  VTI,
  VTK_LEGACY,
  GIPL,
  MGH,
  META_IMAGE,
  ANALYZE,
];

/** TIFF: pages are slices, or one of them is read. */
export const tiffFile: FileFormat = {
  ...volumeFile(TIFF),
  read: (source, options) =>
    readTiff(source, {
      ...volumeOptions(options),
      ...(options.frame === undefined ? {} : { page: options.frame }),
    }),
};

/** A format of volumes as one of the table of all formats. */
export function volumeFile(format: VolumeFormat): FileFormat {
  return {
    name: format.name,
    extensions: format.extensions,
    matches: format.matches,
    read: (source, options) => format.read(source, volumeOptions(options)),
    describe: async (source, { companion }) => {
      const info = await format.info(source, companion ? { companion } : {});
      const { slope, intercept } = info.scale ?? { slope: 1, intercept: 0 };
      const packed = info.compression ? `, ${info.compression}` : '';
      return {
        format: info.format,
        kind: info.isLabelMap ? 'labels' : 'image',
        facts: [
          ...gridFacts(info, info),
          [
            'values',
            `${info.storedType}, ${info.byteOrder === 'text' ? 'as text' : `${info.byteOrder} endian`}${packed}`,
          ],
          ...(info.scale ? [['scale', `× ${slope} + ${intercept}`] as const] : []),
          ...(info.dataFiles ? [['data in', info.dataFiles.join(', ')] as const] : []),
        ],
        identity: [],
        warnings: info.warnings.map(({ message }) => message),
      };
    },
  };
}

function volumeOptions(options: OpenOptions): VolumeReadOptions {
  const { values, as, badGeometry, companion, onWarning } = options;
  return {
    ...(values ? { values } : {}),
    ...(as ? { as } : {}),
    ...(badGeometry ? { badGeometry } : {}),
    ...(companion ? { companion } : {}),
    ...(onWarning ? { onWarning: ({ message }) => onWarning(message) } : {}),
  };
}
