import { HounsfieldError } from '../../errors.ts';

/** Where an MLflow server is and how it knows us. */
export interface MlflowServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** Value of the Authorization header. */
  readonly authorization?: string;
  readonly timeoutSeconds?: number;
}

/** A run as the server knows it. */
export interface MlflowRun {
  readonly runId: string;
  readonly artifactUri: string;
}

export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface MlflowPair {
  readonly key: string;
  readonly value: string;
}

export type MlflowStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** What a refused request came back with; `retry` when the same request may go through later. */
export interface MlflowFailure {
  readonly retry: boolean;
  /** Seconds that the server asks to wait. */
  readonly waitSeconds?: number;
  readonly status?: number;
  readonly reason: string;
  /** MLflow's own word, such as RESOURCE_DOES_NOT_EXIST. */
  readonly word?: string;
}

export type MlflowAnswer =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  | ({ readonly ok: false } & MlflowFailure);

/** The calls of MLflow's REST API 2.0 that a run needs. None throws: a failure is an answer. */
export interface MlflowClient {
  /** The experiment of that name, made where there is none. */
  readonly experiment: (name: string) => Promise<MlflowAnswer>;
  readonly createRun: (run: {
    readonly experimentId: string;
    readonly name: string;
    readonly startTime: number;
    readonly tags: readonly MlflowPair[];
  }) => Promise<MlflowAnswer>;
  /** Runs of an experiment whose tag `key` is `value`. */
  readonly findRun: (experimentId: string, key: string, value: string) => Promise<MlflowAnswer>;
  readonly updateRun: (runId: string, status: MlflowStatus, endTime?: number) => Promise<MlflowAnswer>;
  readonly logBatch: (runId: string, batch: MlflowBatch) => Promise<MlflowAnswer>;
  /** Sends a file through the server's artifact proxy. */
  readonly putArtifact: (run: MlflowRun, name: string, content: Blob) => Promise<MlflowAnswer>;
}

export interface MlflowBatch {
  readonly metrics: readonly MlflowMetric[];
  readonly params: readonly MlflowPair[];
  readonly tags: readonly MlflowPair[];
}

export function mlflowClient(server: MlflowServer, signal: AbortSignal): MlflowClient {
  const call = (method: string, path: string, body?: unknown) =>
    ask(
      server,
      signal,
      method,
      `/api/2.0/mlflow/${path}`,
      body === undefined ? undefined : JSON.stringify(body),
    );
  const experimentNamed = (name: string) =>
    call('GET', `experiments/get-by-name?experiment_name=${encodeURIComponent(name)}`);
  return {
    async experiment(name) {
      const there = await experimentNamed(name);
      if (there.ok || there.word !== MISSING) return there;
      const made = await call('POST', 'experiments/create', { name });
      if (made.ok) return { ok: true, body: { experiment: made.body } };
      return made.word === ALREADY_THERE ? experimentNamed(name) : made; // another process was quicker
    },
    createRun: ({ experimentId, name, startTime, tags }) =>
      call('POST', 'runs/create', {
        experiment_id: experimentId,
        run_name: name,
        start_time: startTime,
        tags,
      }),
    findRun: (experimentId, key, value) =>
      call('POST', 'runs/search', {
        experiment_ids: [experimentId],
        filter: `tags.\`${key}\` = '${value}'`,
        max_results: 1,
      }),
    updateRun: (runId, status, endTime) =>
      call('POST', 'runs/update', {
        run_id: runId,
        status,
        ...(endTime === undefined ? {} : { end_time: endTime }),
      }),
    logBatch: (runId, batch) => call('POST', 'runs/log-batch', { run_id: runId, ...batch }),
    async putArtifact(run, name, content) {
      const place = proxiedPlace(run.artifactUri);
      if (place === undefined) {
        const reason = `the server keeps artifacts where only it can write (${run.artifactUri.split(':')[0]}:), not behind its proxy; start it with --serve-artifacts`;
        return { ok: false, retry: false, reason };
      }
      const path = [...place.split('/'), ...name.split('/')]
        .filter(Boolean)
        .map(encodeURIComponent)
        .join('/');
      return ask(server, signal, 'PUT', `/api/2.0/mlflow-artifacts/artifacts/${path}`, content);
    },
  };
}

const MISSING = 'RESOURCE_DOES_NOT_EXIST';
const ALREADY_THERE = 'RESOURCE_ALREADY_EXISTS';

/** The path below the proxy's root of `mlflow-artifacts:/1/abc/artifacts` or its address by http; undefined elsewhere. */
function proxiedPlace(uri: string): string | undefined {
  const found = /^(?:mlflow-artifacts:(?:\/\/[^/]*)?|https?:\/\/.*\/mlflow-artifacts\/artifacts)\/(.*)$/.exec(
    uri,
  );
  return found?.[1];
}

/** Longest that an upload may take; other requests have the server's timeout. */
const UPLOAD_SECONDS = 600;

async function ask(
  server: MlflowServer,
  signal: AbortSignal,
  method: string,
  path: string,
  body: string | Blob | undefined,
): Promise<MlflowAnswer> {
  const upload = body instanceof Blob;
  const seconds = upload ? UPLOAD_SECONDS : (server.timeoutSeconds ?? 10);
  try {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        'Content-Type': upload ? 'application/octet-stream' : 'application/json',
        ...(server.authorization ? { Authorization: server.authorization } : {}),
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'error', // credentials go to nobody else
      signal: AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]),
    });
    const text = await readBounded(response);
    return response.ok ? { ok: true, body: parsed(text) } : refusal(response, text);
  } catch (error) {
    return { ok: false, retry: !signal.aborted, reason: reasonOf(error, seconds) };
  }
}

const LONGEST_ANSWER = 1 << 20;

async function readBounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const part of response.body ?? []) {
    text += decoder.decode(part as Uint8Array, { stream: true }); // a body is made of bytes
    if (text.length > LONGEST_ANSWER) break;
  }
  return text;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text || '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}; // an object
  } catch {
    return {};
  }
}

function refusal(response: Response, text: string): MlflowAnswer {
  const { error_code: word, message } = parsed(text);
  const wait = Number(response.headers.get('Retry-After'));
  return {
    ok: false,
    retry: response.status === 408 || response.status === 429 || response.status >= 500,
    status: response.status,
    reason:
      `${response.status} ${typeof message === 'string' ? message.slice(0, 200) : response.statusText}`.trim(),
    ...(typeof word === 'string' ? { word } : {}),
    ...(Number.isFinite(wait) && wait > 0 ? { waitSeconds: Math.min(wait, 300) } : {}),
  };
}

function reasonOf(error: unknown, seconds: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${seconds} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : cause instanceof Error ? cause.message : error.message;
}

/** The Authorization header that MLFLOW_TRACKING_TOKEN, or _USERNAME and _PASSWORD, stand for. */
export function mlflowAuthorization(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user } = environment;
  if (token) return `Bearer ${token}`;
  if (!user) return undefined;
  const bytes = new TextEncoder().encode(`${user}:${environment['MLFLOW_TRACKING_PASSWORD'] ?? ''}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** What `mlflow:URL#EXPERIMENT?artifacts=model,metrics` asks for. */
export interface MlflowTarget {
  readonly url: string;
  readonly experiment: string;
  /** Files to send besides figures, by their name among the run's files. */
  readonly artifacts: readonly string[];
}

/** Takes apart what follows `mlflow:`. Throws TRACKER_UNKNOWN. */
export function mlflowTarget(text: string): MlflowTarget {
  const [address = '', rest = ''] = split(text, '#');
  const [name = '', query = ''] = split(rest, '?');
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const options = new URLSearchParams(query);
  const odd = [...options.keys()].filter((key) => key !== 'artifacts');
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || odd.length > 0) {
    throw new HounsfieldError(
      'TRACKER_UNKNOWN',
      `'mlflow:${address.replace(/\/\/.*@/, '//…@')}' is no MLflow server. Write mlflow:http://HOST:PORT#EXPERIMENT, with ` +
        '?artifacts=model,metrics at the end to send files, and give a name and password by MLFLOW_TRACKING_USERNAME ' +
        'and MLFLOW_TRACKING_PASSWORD, or a token by MLFLOW_TRACKING_TOKEN.',
    );
  }
  return {
    url: `${url.origin}${url.pathname}`.replace(/\/+$/, ''),
    experiment: decodeURIComponentSafely(name) || 'hounsfield',
    artifacts: (options.get('artifacts') ?? '').split(',').filter(Boolean),
  };
}

function split(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
