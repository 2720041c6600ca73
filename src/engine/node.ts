/** ONNX Runtime in Node.js. */
export { nodeRuntime } from './runtime/runtime.node.ts';
