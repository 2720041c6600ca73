/** Names of the files in a run's folder. */
export const runFiles = {
  config: 'config.json',
  checkpoint: 'checkpoint.safetensors',
  /** Weights with which the phase under way began. */
  start: 'phase-start.safetensors',
  best: 'best.safetensors',
  history: 'history.jsonl',
  metrics: 'metrics.json',
  /** The answer for each judged sample. */
  predictions: 'predictions.json',
  model: 'model.onnx',
  report: 'report.html',
} as const;

export type RunFile = keyof typeof runFiles;
