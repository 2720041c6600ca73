/** A file name without what says which format it is. */
export const stemOf = (name: string): string =>
  name.replace(
    /\.(nii|nii\.gz|nrrd|nhdr|mha|mhd|mgz|mgh|png|jpe?g|jpe|jfif|tiff?|bmp|dcm|npy|hdr|img|gz)$/i,
    '',
  );

const MASK_FOLDER = /^(masks?|labels?|labelmaps?|seg|segs|segmentations?|rois?|contours?)$/i;
const IMAGE_FOLDER = /^(images?|imgs?|scans?|volumes?)$/i;
const MASK_SUFFIX = /[-_. ](mask|label|labels|labelmap|seg|segmentation|roi|contour|gtv)$/i;
const IMAGE_SUFFIX = /[-_. ](image|img|scan|volume)$/i;

/** What a path says of the file: whether it is a mask, and the name that an image and its mask share. */
export interface NamedRole {
  readonly role: 'image' | 'mask';
  /** The path without folders named images or masks, without _image and _mask, and without the extension. */
  readonly key: string;
}

/**
 * Reads the role of a file from its path relative to the data: masks lie in a folder named masks (labels, segmentations,
 * rois), or their names end in -mask, _label, _seg and the like.
 */
export function roleOf(id: string): NamedRole {
  const folders = id.split('/');
  const stem = stemOf(folders.pop()!).replace(/\.nii$/i, '');
  const masked = folders.some((name) => MASK_FOLDER.test(name)) || MASK_SUFFIX.test(stem);
  const kept = folders.filter((name) => !MASK_FOLDER.test(name) && !IMAGE_FOLDER.test(name));
  const bare = stem.replace(MASK_SUFFIX, '').replace(IMAGE_SUFFIX, '');
  return { role: masked ? 'mask' : 'image', key: [...kept, bare].join('/') };
}
