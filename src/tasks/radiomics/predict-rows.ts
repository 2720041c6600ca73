import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import type { Runtime, Session } from '../../engine/runtime/session.ts';
import { HounsfieldError } from '../../errors.ts';
import { type Matrix, takeColumns } from '../../learning/classifiers/matrix.ts';
import type { LoadedFeatureModel } from '../bundle/load-model.node.ts';
import type { FeatureModelCard } from '../bundle/model-card.ts';
import type { FeatureTable } from './feature-table.ts';

/** A model of features that is loaded. Close it. */
export interface RowPredictor {
  /** Probabilities of each row; [rows, labels]. */
  predict(x: Matrix): Promise<Float64Array>;
  close(): Promise<void>;
}

/** Rows that one run of the graph takes. */
const BATCH = 4096;

/** Opens a model's graph. @throws MODEL_REJECTED */
export async function openRowPredictor(
  { graph, card }: LoadedFeatureModel,
  runtime: Runtime,
  threads?: number,
): Promise<RowPredictor> {
  const session: Session = await runtime.open(writeOnnx(graph), threads === undefined ? {} : { threads });
  const { length: width } = card.labels;
  return {
    async predict(x) {
      const out = new Float64Array(x.rows * width);
      for (let start = 0; start < x.rows; start += BATCH) {
        const count = Math.min(BATCH, x.rows - start);
        const data = Float32Array.from(x.values.subarray(start * x.columns, (start + count) * x.columns));
        const features = { dtype: 'float32' as const, dims: [count, x.columns], data };
        const answer = await session.run({ features }, {}, ['probabilities']);
        out.set(answer['probabilities']!.data as Float32Array, start * width); // the graph's output is float32
      }
      return out;
    },
    close: () => session.close(),
  };
}

/** The columns that a model takes, by name, in its order. Infinite values count as missing. @throws FEATURES_MISSING, FEATURE_SETTINGS_DIFFER */
export function columnsFor({ features }: FeatureModelCard, table: FeatureTable): Matrix {
  if (table.settingsSha256 !== features.settingsSha256) {
    throw new HounsfieldError(
      'FEATURE_SETTINGS_DIFFER',
      'the table was made by other feature settings than the model was trained on, so that equal names mean different ' +
        'things. Make the table anew with the settings in the model, or give the images themselves.',
    );
  }
  const places = features.names.map((name) => table.names.indexOf(name));
  const absent = features.names.filter((_, j) => places[j]! < 0);
  if (absent.length > 0) {
    throw new HounsfieldError(
      'FEATURES_MISSING',
      `${absent.length} features that the model takes are not there: ${absent.slice(0, 5).join(', ')}${absent.length > 5 ? ', …' : ''}. ` +
        'The images must have as many dimensions as those that it was trained on.',
    );
  }
  const taken = takeColumns(table.matrix, places);
  const values = taken.values.map((value) => (Number.isFinite(value) ? value : Number.NaN));
  return { ...taken, values };
}
