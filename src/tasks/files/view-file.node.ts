import { writeFileAtomically } from '../../atomic-file.node.ts';
import { HounsfieldError } from '../../errors.ts';
import { type ViewOptions, viewPlanes } from '../../imaging/display/three-planes.ts';
import type { OpenOptions } from '../../imaging/formats/file-format.ts';
import { openImage } from '../../imaging/formats/open.node.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { type Affine, applyAffine, invertAffine, type Vector3 } from '../../imaging/geometry/geometry.ts';
import { isLabelMap, type LabelMap, type MedicalImage } from '../../imaging/image/medical-image.ts';
import { windowRange } from './window-range.ts';

export interface ViewFileOptions extends Omit<ViewOptions, 'overlay' | 'range'> {
  readonly opening?: OpenOptions;
  /** A label map, segmentation or RT structure set on any grid of the same world. */
  readonly overlay?: string;
  /** A preset's name (lung, bone, … for HU; body, body-low for SUV), 'LOW..HIGH' or 'CENTRE,WIDTH'. */
  readonly window?: string;
  /** LPS mm instead of a voxel. */
  readonly atMm?: Vector3;
}

/** Draws three planes of an image, or a two-dimensional image, into a PNG. Throws WINDOW_UNKNOWN, NOT_AN_IMAGE, GEOMETRY_MISSING and what openImage and viewPlanes throw. */
export async function viewFile(
  input: string,
  out: string,
  options: ViewFileOptions = {},
): Promise<MedicalImage> {
  const { opening = {}, overlay, window, atMm, ...view } = options;
  const image = await openImage(input, opening);
  const labels = overlay === undefined ? undefined : await openOverlay(overlay, image);
  const drawn = viewPlanes(image, {
    ...view,
    ...(labels ? { overlay: labels } : {}),
    ...(window === undefined ? {} : { range: windowRange(window, image) }),
    ...(atMm ? { at: voxelOf(image, atMm, input) } : {}),
  });
  await writeFileAtomically(out, encodePng(drawn));
  return drawn;
}

async function openOverlay(file: string, reference: MedicalImage): Promise<LabelMap> {
  const opened = await openImage(file, { reference, as: 'labels' });
  if (isLabelMap(opened)) return opened;
  throw new HounsfieldError(
    'OVERLAY_NO_LABELS',
    `${file} holds values, not labels. Give a mask, a segmentation or an RT structure set.`,
  );
}

function voxelOf(image: MedicalImage, atMm: Vector3, name: string): Vector3 {
  const { geometry } = image;
  if (!geometry) {
    const message = `${name} does not say where it lies, so that a place in mm is not known. Give a voxel instead.`;
    throw new HounsfieldError('GEOMETRY_MISSING', message);
  }
  const inverse: Affine = invertAffine(geometry.affine);
  const sides = [image.width, image.height, image.depth];
  const at = applyAffine(inverse, atMm).map((value, axis) =>
    Math.min(Math.max(Math.round(value), 0), sides[axis]! - 1),
  );
  return at as unknown as Vector3; // map keeps the length
}
