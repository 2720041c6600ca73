/** Names of the files in the folder of a radiomics run. */
export const radiomicsFiles = {
  config: 'config.json',
  /** Rows measured so far; gone when the table is written. */
  journal: 'features.journal.jsonl',
  features: 'features.csv',
  metrics: 'metrics.json',
  predictions: 'predictions.json',
  model: 'model.onnx',
  report: 'report.html',
} as const;

export type RadiomicsFile = keyof typeof radiomicsFiles;
