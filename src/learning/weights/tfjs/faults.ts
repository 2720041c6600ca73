import { HounsfieldError } from '../../../errors.ts';

/** What a layer's place and setting is called in messages. */
export interface LayerPlace {
  /** Names of the enclosing models and of the layer, joined by dots. */
  readonly path: string;
  readonly className: string;
}

export function modelFault(problem: string): never {
  throw new HounsfieldError(
    'TFJS_MODEL',
    `the TensorFlow.js model's topology ${problem}. Save it again with tfjs.converters.save_keras_model or model.save().`,
  );
}

export function weightsFault(problem: string): never {
  throw new HounsfieldError(
    'TFJS_WEIGHTS',
    `the TensorFlow.js model's weights: ${problem}. Put model.json and all its shards, as they were saved together, in one folder.`,
  );
}

export function configFault({ path, className }: LayerPlace, problem: string): never {
  throw new HounsfieldError(
    'TFJS_CONFIG',
    `${className} '${path}': ${problem}. Change the layer in Keras, or convert the model with tf2onnx.`,
  );
}
