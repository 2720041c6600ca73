/** ONNX Runtime and model files in Node.js. */
export { openModel } from './graph/open-model.node.ts';
export { nodeRuntime } from './runtime/runtime.node.ts';
