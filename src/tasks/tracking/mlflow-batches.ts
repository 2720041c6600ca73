import type { MlflowBatch, MlflowMetric, MlflowPair } from './mlflow-client.ts';

/** What one log-batch may hold (MLflow's REST API, "Log Batch"). */
const LIMITS = { all: 1000, params: 100, tags: 100, bytes: 900_000 } as const;
/** Lengths that every version of the server takes, in UTF-16 units. */
const LENGTHS = { key: 250, param: 500, tag: 5000 } as const;

/** Metrics, parameters and tags in as many batches as the server's limits ask for. What is not a number is left out. */
export function mlflowBatches(
  metrics: readonly MlflowMetric[],
  params: readonly MlflowPair[] = [],
  tags: readonly MlflowPair[] = [],
): MlflowBatch[] {
  const long = params.filter(({ value }) => value.length > LENGTHS.param);
  const all = [
    ...params.map((pair) => ({ part: 'params' as const, item: limited(pair, LENGTHS.param) })),
    ...[...tags, ...long].map((pair) => ({ part: 'tags' as const, item: limited(pair, LENGTHS.tag) })),
    ...metrics
      .filter(({ value }) => Number.isFinite(value))
      .map((metric) => ({ part: 'metrics' as const, item: { ...metric, key: mlflowKey(metric.key) } })),
  ];
  const batches: { metrics: MlflowMetric[]; params: MlflowPair[]; tags: MlflowPair[] }[] = [];
  let bytes = 0;
  for (const { part, item } of all) {
    const size = new TextEncoder().encode(JSON.stringify(item)).length + 1;
    const last = batches.at(-1);
    const fits =
      last !== undefined &&
      bytes + size <= LIMITS.bytes &&
      last.metrics.length + last.params.length + last.tags.length < LIMITS.all &&
      (part === 'metrics' || last[part].length < LIMITS[part]);
    if (!fits) batches.push({ metrics: [], params: [], tags: [] });
    bytes = fits ? bytes + size : size;
    const list: unknown[] = batches.at(-1)![part];
    list.push(item);
  }
  return batches;
}

const limited = ({ key, value }: MlflowPair, length: number): MlflowPair => ({
  key: mlflowKey(key),
  value: value.length <= length ? value : `${value.slice(0, length - 1)}…`,
});

/** A name as MLflow takes it: letters, digits, `_-. /` and no path that leaves its place. */
export function mlflowKey(name: string): string {
  const parts = name
    .replace(/[^\w\-. /]/g, '_')
    .split('/')
    .filter((part) => part !== '' && !/^\.+$/.test(part));
  return parts.join('/').slice(0, LENGTHS.key) || '_';
}
