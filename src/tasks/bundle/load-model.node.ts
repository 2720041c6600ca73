import { readFile } from 'node:fs/promises';
import type { Graph } from '../../engine/graph/graph.ts';
import { readOnnx } from '../../engine/graph/onnx-file.ts';
import { HounsfieldError } from '../../errors.ts';
import { type FeatureModelCard, type ModelCard, readCard, readFacts, readFeatureCard } from './model-card.ts';

/** A model file and what it says of itself. */
export interface LoadedModel {
  readonly graph: Graph;
  readonly card: ModelCard;
}

/** A model of features and what it says of itself. */
export interface LoadedFeatureModel {
  readonly graph: Graph;
  readonly card: FeatureModelCard;
}

/** Reads a model of images written by 'train'. @throws MODEL_MISSING, ONNX_FILE, MODEL_WITHOUT_CARD, MODEL_TAKES_FEATURES */
export async function loadModel(path: string): Promise<LoadedModel> {
  const graph = await readModel(path);
  return { graph, card: readCard(graph, path) };
}

/** Reads a model of features written by 'train'. @throws MODEL_MISSING, ONNX_FILE, MODEL_WITHOUT_CARD, MODEL_TAKES_IMAGES */
export async function loadFeatureModel(path: string): Promise<LoadedFeatureModel> {
  const graph = await readModel(path);
  return { graph, card: readFeatureCard(graph, path) };
}

/** The task that a model was trained for. @throws MODEL_MISSING, ONNX_FILE, MODEL_WITHOUT_CARD */
export async function taskNameOf(path: string): Promise<string> {
  return readFacts(await readModel(path), path).task;
}

async function readModel(path: string): Promise<Graph> {
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
  return readOnnx(bytes);
}
