/** Pictures, from file to array and back; the parts that run in a browser as they are. */
export { applyAugmentation, drawAugmentation } from './augmentation/augmentation.ts';
export type { AugmentationRecipe } from './augmentation/recipe.ts';
export { decodeNpy, encodeNpy } from './formats/npy.ts';
export { decodeNpz, encodeNpz } from './formats/npz.ts';
export { type FloatImage, type MedicalImage, medicalImage, toFloatImage } from './image/medical-image.ts';
export { resize } from './transforms/resize.ts';
export { warpAffine } from './transforms/warp-affine.ts';
