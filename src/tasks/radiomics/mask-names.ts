/** A file name without what says which format it is. */
export const stemOf = (name: string): string =>
  name.replace(
    /\.(nii|nii\.gz|nrrd|nhdr|mha|mhd|mgz|mgh|png|jpe?g|jpe|jfif|tiff?|bmp|dcm|npy|hdr|img|gz)$/i,
    '',
  );

const MASK_FOLDER = /^((mask|label|labelmap|seg|segmentation|roi|contour)s?|labels(tr|ts))$/i;
const IMAGE_FOLDER = /^((image|img|scan|volume)s?|images(tr|ts))$/i;
const MASK_SUFFIX = /(^|[-_. ])(mask|label|labels|labelmap|seg|segmentation|roi|contour|gtv)$/i;
const IMAGE_SUFFIX = /(^|[-_. ])(image|img|scan|volume)$/i;
const MASK_PREFIX = /^(mask|seg|segmentation|labelmap|roi)[-_. ]/i;
const IMAGE_PREFIX = /^(image|img|scan|volume)[-_. ]/i;

/** What a path says of the file: whether it is a mask, and the name that an image and its mask share. */
export interface NamedRole {
  readonly role: 'image' | 'mask';
  /** The path without folders named images or masks, without those words in the name, and without the extension. */
  readonly key: string;
}

/** Whether folders of this name hold masks, or images. */
export const folderRole = (name: string): NamedRole['role'] | undefined =>
  MASK_FOLDER.test(name) ? 'mask' : IMAGE_FOLDER.test(name) ? 'image' : undefined;

/**
 * Reads the role of a file from its path relative to the data: masks lie in a folder named masks (labels, segmentations,
 * rois), or their names are mask, seg and the like, end so (-mask, _label) or begin so (mask_).
 */
export function roleOf(id: string): NamedRole {
  const folders = id.split('/');
  const stem = stemOf(folders.pop()!).replace(/\.nii$/i, '');
  const named = MASK_SUFFIX.test(stem) || MASK_PREFIX.test(stem);
  const masked = named || folders.some((name) => MASK_FOLDER.test(name));
  const kept = folders.filter((name) => folderRole(name) === undefined);
  const bare = stem
    .replace(MASK_SUFFIX, '')
    .replace(IMAGE_SUFFIX, '')
    .replace(MASK_PREFIX, '')
    .replace(IMAGE_PREFIX, '');
  return { role: masked ? 'mask' : 'image', key: [...kept, bare].join('/') };
}

/**
 * Finds an image's mask by the name that they share. Of a folder's only image and only mask one may be named by what it is
 * alone: ct.nii.gz and mask.nii.gz, image/ and mask/RS.dcm.
 */
export function maskFinder<T>(
  images: readonly string[],
  masks: ReadonlyMap<string, T>,
): (image: string) => T | undefined {
  const folderOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1);
  const imagesIn = new Map<string, number>();
  for (const id of images) {
    const folder = folderOf(roleOf(id).key);
    imagesIn.set(folder, (imagesIn.get(folder) ?? 0) + 1);
  }
  const masksIn = new Map<string, T[]>();
  for (const [key, mask] of masks) masksIn.set(folderOf(key), [...(masksIn.get(folderOf(key)) ?? []), mask]);
  return (image) => {
    const { key } = roleOf(image);
    const folder = folderOf(key);
    const found = masks.get(key);
    if (found !== undefined || imagesIn.get(folder) !== 1) return found;
    const [only, ...others] = masksIn.get(folder) ?? [];
    return masks.get(folder) ?? (key === folder && others.length === 0 ? only : undefined);
  };
}
