/** Weights from files and addresses, on Node.js. */
export { type FetchedWeights, type FetchOptions, fetchWeights } from './weights/fetch-weights.node.ts';
export { type LoadedWeights, loadWeights } from './weights/load-weights.node.ts';
export {
  type OpenSafetensors,
  openSafetensors,
  writeSafetensorsFile,
} from './weights/safetensors-file.node.ts';
export { openTfjsModel } from './weights/tfjs/open-tfjs-model.node.ts';
