import type { FileFormat } from './file-format.ts';
import { decodeJpeg, isJpeg } from './jpeg.node.ts';
import { pictureFormat } from './picture-format.ts';
import { decodePng, isPng } from './png.node.ts';

/** Formats of pictures that are decoded by libvips. */
export const rasterFormats: readonly FileFormat[] = [
  pictureFormat('PNG', ['.png'], isPng, decodePng),
  pictureFormat('JPEG', ['.jpg', '.jpeg', '.jpe', '.jfif'], isJpeg, decodeJpeg),
];
