import type { VolumeFormat } from '../volume-file.ts';
import { isMetaImage } from './metaimage-header.ts';
import { metaImageInfo, readMetaImage } from './read-metaimage.ts';
import { writeMetaImage } from './write-metaimage.ts';

/** MetaImage, of ITK and VTK. */
export const META_IMAGE: VolumeFormat = {
  name: 'MetaImage',
  extensions: ['.mha', '.mhd'],
  matches: isMetaImage,
  read: readMetaImage,
  info: metaImageInfo,
  write: (image) => writeMetaImage(image),
};
