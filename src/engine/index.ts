/** ONNX graphs: build, differentiate, execute. Runs in Node and in a browser. */
export { type CompiledStep, type CompileOptions, compileStep, State } from './compile.ts';
export { gradients } from './differentiate.ts';
export {
  Graph,
  type Node,
  type NodeOptions,
  type Value,
} from './graph/graph.ts';
export { readOnnx, writeOnnx } from './graph/onnx-file.ts';
export { copyGraph, mergeEqualNodes, pruneGraph, withInputShapes } from './graph/rewrite.ts';
export { type Dim, type Shape, staticShape, type ValueType } from './graph/shape.ts';
export { expandComposites } from './lower/expand.ts';
export type { Device, Runtime, Session, SessionSettings } from './runtime/session.ts';
export {
  type DType,
  type Tensor,
  tensor,
  tensorOf,
  toNumbers,
} from './tensor/tensor.ts';
