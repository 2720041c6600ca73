import type { Node, Value } from '../../engine/graph/graph.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { constantOf, trainedTensor } from './imported-constants.ts';
import { isBatchNorm, isOwnCopy, statisticsOf } from './imported-parameters.ts';

/** Data of each parameter and running statistic by name. */
export function fileWeights(
  image: Value,
  nodes: readonly Node[],
  parameters: ReadonlyMap<Value, Node>,
): Map<string, Tensor> {
  const weights = new Map<string, Tensor>();
  for (const value of parameters.keys()) weights.set(value.name, parameterData(value, image));
  for (const node of nodes.filter(isBatchNorm)) {
    for (const { name, data } of statisticsOf(node, parameters)) {
      weights.set(name, trainedTensor(data, image.dtype));
    }
  }
  return weights;
}

/** First value of a parameter in float32. */
export function parameterData(value: Value, image: Value): Tensor {
  const source = isOwnCopy(value) ? value.producer!.inputs[0]! : value;
  // What importedRoles gives are constants, and copies of one.
  return trainedTensor(constantOf(source)!, image.dtype);
}
