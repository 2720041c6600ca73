/** Image files on disk. */
export { decodeImage, openImage } from './formats/open-image.node.ts';
export { encodePng, writePng } from './formats/write-png.node.ts';
