import { openImage } from '../../imaging/formats/open-image.node.ts';
import type { MedicalImage } from '../../imaging/image/medical-image.ts';
import { type ImageStack, type SampleSource, stackImage } from './dataset.ts';

/** The pixels of one sample. Throws as openImage does. */
export async function readSample(
  source: SampleSource,
  stacks: ReadonlyMap<string, ImageStack>,
): Promise<MedicalImage> {
  if (source.kind === 'file') return openImage(source.path);
  const stack = stacks.get(source.stack);
  if (!stack) throw new Error(`stack '${source.stack}' is not part of the data set`);
  return stackImage(stack, source.index);
}
