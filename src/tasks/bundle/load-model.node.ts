import { readFile } from 'node:fs/promises';
import type { Graph } from '../../engine/graph/graph.ts';
import { readOnnx } from '../../engine/graph/onnx-file.ts';
import { HounsfieldError } from '../../errors.ts';
import { type ModelCard, readCard } from './model-card.ts';

/** A model file and what it says of itself. */
export interface LoadedModel {
  readonly graph: Graph;
  readonly card: ModelCard;
}

/** Reads a model written by 'train'. @throws MODEL_MISSING, ONNX_FILE, MODEL_WITHOUT_CARD */
export async function loadModel(path: string): Promise<LoadedModel> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new HounsfieldError(
      'MODEL_MISSING',
      `${path} cannot be read. Name the model.onnx of a training run.`,
      { cause },
    );
  }
  const graph = readOnnx(bytes);
  return { graph, card: readCard(graph, path) };
}
