import { openImage } from '../../imaging/formats/open.node.ts';
import type { MedicalImage } from '../../imaging/image/medical-image.ts';
import { applySteps, type NamedStep } from '../../imaging/transforms/history.ts';
import { type Dataset, type SampleSource, stackImage } from './dataset.ts';

/** The pixels of one sample, prepared as the data set says. Throws as openPicture does. */
export async function readSample(
  source: SampleSource,
  dataset: Pick<Dataset, 'stacks' | 'preparation'>,
): Promise<MedicalImage> {
  if (source.kind === 'file') return openPicture(source.path, dataset.preparation);
  const stack = dataset.stacks.get(source.stack);
  if (!stack) throw new Error(`stack '${source.stack}' is not part of the data set`);
  return prepared(stackImage(stack, source.index), dataset.preparation);
}

/** An image file, or a folder with a DICOM series, opened and prepared. Throws as openImage and the steps do. */
export async function openPicture(path: string, preparation?: readonly NamedStep[]): Promise<MedicalImage> {
  return prepared(await openImage(path), preparation);
}

function prepared(image: MedicalImage, preparation: readonly NamedStep[] = []): MedicalImage {
  return preparation.length === 0 ? image : applySteps(preparation, { images: { image } }).images['image']!;
}
