import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { mlflowTracker, sendTracking } from './mlflow.node.ts';
import { mlflowBatches, mlflowKey } from './mlflow-batches.ts';
import { mlflowAuthorization, mlflowTarget } from './mlflow-client.ts';
import type { RunDescription } from './tracker.ts';

const root = mkdtempSync(path.join(tmpdir(), 'hounsfield-mlflow-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const describeRun = (folder: string, settings: object = {}): RunDescription => ({
  folder,
  task: 'classification',
  network: 'small-cnn',
  settings: {
    data: 'scans/Doe_John',
    patientPattern: 'Doe_\\w+',
    epochs: 3,
    lr: 0.5,
    augment: { shift: 0.1 },
    ...settings,
  },
  data: { fingerprint: 'abc', counts: { train: 8 } },
  stepsPerEpoch: 4,
  versions: { hounsfield: '1' },
});
const record = (epoch: number) => ({
  epoch,
  trainLoss: 1 / (epoch + 1),
  learningRate: 0.5,
  validation: { auc: 0.5 + epoch / 10, loss: Number.NaN },
  seconds: 2,
  waitedSeconds: 0,
});
const quick = { firstWaitMilliseconds: 5, longestWaitMilliseconds: 20, timeoutSeconds: 0.5 };

/** A run's folder with a small model in it. */
function runFolder(name: string): string {
  const folder = path.join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'model.onnx'),
    Uint8Array.from({ length: 3000 }, (_, i) => i % 251),
  );
  return folder;
}

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: string;
}
/** What the stand-in answers: a status, or 'hang'; undefined for what MLflow would. */
type Answer = (asked: Asked, count: number) => number | 'hang' | 'drop after' | undefined;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** A server that keeps what it is told, and fails as asked. */
async function standIn(answer: Answer = () => undefined) {
  const asked: Asked[] = [];
  const runs: { key: string; id: string }[] = [];
  const server = createServer(async (request, response) => {
    const one = await readRequest(request);
    asked.push(one);
    const says = answer(one, asked.length);
    if (says === 'hang') return;
    if (typeof says === 'number') {
      response.writeHead(says, says === 429 ? { 'Retry-After': '0.01' } : {});
      response.end(JSON.stringify({ error_code: 'SOME_WORD', message: `refused with ${says}` }));
      return;
    }
    const body = reply(one, runs);
    if (says === 'drop after') request.socket.destroy();
    else {
      const missing = body === undefined;
      response.writeHead(missing ? 404 : 200);
      response.end(JSON.stringify(missing ? { error_code: 'RESOURCE_DOES_NOT_EXIST' } : body));
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // listens on a port
  const of = (part: string) => asked.filter(({ url }) => url.includes(part)).map(({ body }) => body);
  return { url: `http://127.0.0.1:${port}`, asked, of };
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer); // a request's body
  const { method = '', url = '', headers } = request;
  return { method, url, authorization: headers.authorization, body: Buffer.concat(parts).toString() };
}

function reply({ url, body }: Asked, runs: { key: string; id: string }[]): object | undefined {
  const info = (id: string) => ({ info: { run_id: id, artifact_uri: 'mlflow-artifacts:/1/r/artifacts' } });
  if (url.includes('get-by-name')) return undefined;
  if (url.includes('experiments/create')) return { experiment_id: '1' };
  if (url.includes('runs/search')) {
    const found = runs.find(({ key }) => String(JSON.parse(body).filter).includes(key));
    return found ? { runs: [info(found.id)] } : {};
  }
  if (url.includes('runs/create')) {
    const tags = JSON.parse(body).tags as { key: string; value: string }[];
    runs.push({ key: tags.find(({ key }) => key === 'hounsfield.key')!.value, id: `r${runs.length}` });
    return { run: info(runs.at(-1)!.id) };
  }
  return {};
}

const metricsIn = (bodies: readonly string[]) =>
  bodies.flatMap((body) => JSON.parse(body).metrics as { key: string; step: number; value: number }[]);
const paramsIn = (bodies: readonly string[]) =>
  Object.fromEntries(
    bodies.flatMap((body) =>
      (JSON.parse(body).params as { key: string; value: string }[]).map(({ key, value }) => [key, value]),
    ),
  );

/** A run of three epochs from start to end. */
async function whole(url: string, folder: string, notes: string[], query = '', times = quick) {
  const tracker = mlflowTracker(
    mlflowTarget(`${url}#lungs${query}`),
    { note: (text) => notes.push(text) },
    times,
  );
  tracker.start(describeRun(folder));
  for (const epoch of [0, 1, 2]) tracker.epoch(record(epoch));
  tracker.finish('finished', { auc: 0.75, brier: null }, { model: path.join(folder, 'model.onnx') });
  const begun = performance.now();
  await tracker.close();
  return performance.now() - begun;
}

describe('what a server is told', () => {
  test('settings, figures by epoch, the end; nothing of names and paths, no file unasked', async () => {
    const server = await standIn();
    const notes: string[] = [];
    await whole(server.url, runFolder('plain'), notes);
    expect(notes).toEqual([]);
    const params = paramsIn(server.of('log-batch'));
    expect(params).toMatchObject({
      lr: '0.5',
      'augment.shift': '0.1',
      network: 'small-cnn',
      'data.train': '8',
    });
    expect(server.asked.some(({ body, url }) => /Doe|patientPattern/.test(body + url))).toBe(false);
    const auc = metricsIn(server.of('log-batch')).filter(({ key }) => key === 'validation/auc');
    expect(auc.map(({ step, value }) => [step, value])).toEqual([
      [1, 0.5],
      [2, 0.6],
      [3, 0.7],
    ]);
    const keys = new Set(metricsIn(server.of('log-batch')).map(({ key }) => key));
    expect([...keys].sort()).toEqual([
      'learning_rate',
      'seconds',
      'test/auc',
      'train/loss',
      'validation/auc',
    ]);
    expect(JSON.parse(server.of('runs/update').at(-1)!)).toMatchObject({ run_id: 'r0', status: 'FINISHED' });
    expect(server.of('mlflow-artifacts')).toEqual([]);
  });

  test('a file that is asked for, whole', async () => {
    const server = await standIn();
    await whole(server.url, runFolder('file'), [], '?artifacts=model,report');
    const [put] = server.asked.filter(({ method }) => method === 'PUT');
    expect(put!.url).toBe('/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/model.onnx');
    expect(put!.body.length).toBeGreaterThan(2000);
  });

  test.each([
    [{ MLFLOW_TRACKING_TOKEN: 'abc', MLFLOW_TRACKING_USERNAME: 'me' }, 'Bearer abc'],
    [
      { MLFLOW_TRACKING_USERNAME: 'mé', MLFLOW_TRACKING_PASSWORD: 'a:b' },
      `Basic ${Buffer.from('mé:a:b').toString('base64')}`,
    ],
    [{}, undefined],
  ])('authorization from %j', (environment, header) => {
    expect(mlflowAuthorization(environment)).toBe(header);
  });
});

describe('a server in trouble', () => {
  test.each<[string, Answer]>([
    ['500 at first', (_, count) => (count <= 4 ? 500 : undefined)],
    ['429 now and then', (_, count) => (count % 3 === 0 ? 429 : undefined)],
    ['silence at first', (_, count) => (count <= 1 ? 'hang' : undefined)],
  ])('%s: all arrives, once, with one note', async (_, answer) => {
    const server = await standIn(answer);
    const notes: string[] = [];
    const folder = runFolder(`trouble-${String(_).slice(0, 3)}`);
    const tracker = mlflowTracker(
      mlflowTarget(`${server.url}#lungs`),
      { note: (text) => notes.push(text) },
      quick,
    );
    tracker.start(describeRun(folder));
    for (const epoch of [0, 1, 2]) {
      const begun = performance.now();
      tracker.epoch(record(epoch));
      expect(performance.now() - begun).toBeLessThan(50);
    }
    await expect.poll(() => server.of('log-batch').length, { timeout: 5000 }).toBeGreaterThanOrEqual(4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await tracker.close();
    expect(notes.map((note) => note.split(':')[0])).toEqual(['TRACKING_SERVER_AWAY']);
  });

  test('a run whose creation was not answered is found again, not made twice', async () => {
    const server = await standIn(({ url }, count) =>
      url.includes('runs/create') && count < 6 ? 'drop after' : undefined,
    );
    const notes: string[] = [];
    const tracker = mlflowTracker(mlflowTarget(server.url), { note: (text) => notes.push(text) }, quick);
    tracker.start(describeRun(runFolder('twice')));
    await expect.poll(() => server.of('log-batch').length, { timeout: 5000 }).toBeGreaterThan(0);
    await tracker.close();
    expect(server.of('runs/create').length).toBe(1);
  });

  test('nobody there: training is not held up, everything is kept and sent later', async () => {
    const folder = runFolder('away');
    const notes: string[] = [];
    const server = await standIn();
    const gone = servers.pop()!;
    await new Promise((resolve) => gone.close(resolve));
    expect(await whole(server.url, folder, notes, '?artifacts=model')).toBeLessThan(2000);
    expect(notes.map((note) => note.split(':')[0])).toEqual(['TRACKING_SERVER_AWAY', 'TRACKING_UNSENT']);
    const { port } = new URL(server.url);
    servers.push(gone);
    await new Promise<void>((resolve) => gone.listen(Number(port), '127.0.0.1', resolve));
    expect(await sendTracking(folder, { note: (text) => notes.push(text) }, quick)).toEqual({
      sent: 8, // the run, its settings, three epochs, the test's figures, the file, the end

      left: 0,
    });
    expect(await sendTracking(folder, { note: (text) => notes.push(text) }, quick)).toEqual({
      sent: 0,
      left: 0,
    });
    expect(metricsIn(server.of('log-batch')).filter(({ key }) => key === 'train/loss').length).toBe(3);
    expect(notes.length).toBe(2);
  });

  test.each([401, 403])('%i: stops asking, says how to give a password, keeps everything', async (status) => {
    const server = await standIn(() => status);
    const notes: string[] = [];
    await whole(server.url, runFolder(`refused-${status}`), notes);
    expect(server.asked.length).toBe(1);
    expect(notes[0]).toMatch(/^TRACKING_REFUSED: .*MLFLOW_TRACKING_USERNAME/);
    expect(notes[1]).toMatch(/^TRACKING_UNSENT: /);
  });

  test('a batch that is refused is passed over, the rest arrives', async () => {
    const server = await standIn(({ body }) => (body.includes('"step":2') ? 400 : undefined));
    const notes: string[] = [];
    await whole(server.url, runFolder('one-refused'), notes);
    expect(notes.map((note) => note.split(':')[0])).toEqual(['TRACKING_REFUSED']);
    expect(JSON.parse(server.of('runs/update').at(-1)!).status).toBe('FINISHED');
  });

  test('something that is no MLflow server is told so', async () => {
    const notes: string[] = [];
    const web = createServer((_, response) => response.end('<html>hello'));
    servers.push(web);
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    await whole(`http://127.0.0.1:${(web.address() as AddressInfo).port}`, runFolder('web'), notes); // a port
    expect(notes[0]).toMatch(/^TRACKING_REFUSED: .*not that of an MLflow server/);
  });

  test('a run that goes on uses the same run, sends new parameters once and changed ones as tags', async () => {
    const server = await standIn();
    const folder = runFolder('resumed');
    const note = { note: (text: string) => expect.fail(text) };
    const first = mlflowTracker(mlflowTarget(server.url), note, quick);
    first.start(describeRun(folder));
    first.epoch(record(0));
    first.finish('interrupted', {}, {});
    await first.close();
    const tracking = path.join(folder, 'tracking');
    const journal = readdirSync(tracking).find((name) => name.endsWith('.jsonl'))!;
    writeFileSync(path.join(tracking, journal), '{"kind":"batch","ba', { flag: 'a' }); // killed while writing
    const again = mlflowTracker(mlflowTarget(server.url), note, quick);
    again.start({ ...describeRun(folder, { epochs: 5, clip: 1 }), resumedAtStep: 4 });
    again.epoch(record(1));
    again.finish('stopped-early', {}, {});
    await again.close();
    expect(server.of('runs/create').length).toBe(1);
    expect(server.of('runs/update').map((body) => JSON.parse(body).status)).toEqual([
      'KILLED',
      'RUNNING',
      'FINISHED',
    ]);
    const [, ...later] = server.of('log-batch').filter((body) => JSON.parse(body).params.length > 0);
    expect(later.map((body) => JSON.parse(body).params)).toEqual([[{ key: 'clip', value: '1' }]]);
    expect(server.of('log-batch').join()).toContain('{"key":"resumed.epochs","value":"5"}');
    expect(readFileSync(path.join(tracking, journal), 'utf8').split('\n').length).toBeGreaterThan(8);
  });
});

describe('limits of the server', () => {
  test('1000 items, 100 parameters, 100 tags and 1 MB a batch', () => {
    const pairs = (count: number, length: number) =>
      Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: '研'.repeat(length) }));
    const metrics = Array.from({ length: 2500 }, (_, i) => ({ key: 'm', value: i, timestamp: 1, step: i }));
    const batches = mlflowBatches(metrics, pairs(250, 500), pairs(150, 5000));
    for (const batch of batches) {
      expect(batch.metrics.length + batch.params.length + batch.tags.length).toBeLessThanOrEqual(1000);
      expect(batch.params.length).toBeLessThanOrEqual(100);
      expect(batch.tags.length).toBeLessThanOrEqual(100);
      expect(Buffer.byteLength(JSON.stringify(batch))).toBeLessThan(1_000_000);
    }
    expect(batches.flatMap((batch) => batch.metrics)).toEqual(metrics);
    expect(batches.flatMap((batch) => batch.params)).toEqual(pairs(250, 500));
    expect(batches.flatMap((batch) => batch.tags)).toEqual(pairs(150, 5000));
  });

  test('a long parameter is cut, and whole in a tag; what is no number is left out', () => {
    const value = 'x'.repeat(700);
    const [batch] = mlflowBatches(
      [{ key: 'a', value: Number.NaN, timestamp: 1, step: 1 }],
      [{ key: 'p', value }],
    );
    expect(batch!.params[0]!.value.length).toBe(500);
    expect(batch!.tags).toEqual([{ key: 'p', value }]);
    expect(batch!.metrics).toEqual([]);
  });

  test.each([
    ['recall/pneumonia (viral)', 'recall/pneumonia _viral_'],
    ['../../etc', 'etc'],
    ['/a//b', 'a/b'],
    ['研究', '__'],
    ['', '_'],
  ])('the name %j becomes %j', (name, key) => {
    expect(mlflowKey(name)).toBe(key);
  });
});

describe('where to', () => {
  test.each([
    ['http://h:5000', { url: 'http://h:5000', experiment: 'hounsfield', artifacts: [] }],
    [
      'https://h/ml/#lung%20ct?artifacts=model,metrics',
      { url: 'https://h/ml', experiment: 'lung ct', artifacts: ['model', 'metrics'] },
    ],
  ])('%s', (text, target) => {
    expect(mlflowTarget(text)).toEqual(target);
  });

  test.each(['', 'h:5000', 'ftp://h', 'http://me:secret@h', 'http://h#a?files=1'])(
    '%j is refused',
    (text) => {
      expect(() => mlflowTarget(text)).toThrow(/^TRACKER_UNKNOWN: /);
      expect(() => mlflowTarget(text)).not.toThrow(/secret/);
    },
  );
});

const python = process.env['HOUNSFIELD_PEERS_PYTHON'];
const program = python ? path.join(path.dirname(python), 'mlflow') : '';
const there = python !== undefined && existsSync(program);

describe.skipIf(!there)(
  `a real MLflow server${there ? '' : ' (skipped: no mlflow beside HOUNSFIELD_PEERS_PYTHON)'}`,
  () => {
    let child: ChildProcess;
    let url = '';
    beforeAll(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const folder = path.join(root, 'server');
      mkdirSync(folder);
      const stores = [
        '--backend-store-uri',
        `sqlite:///${folder}/runs.db`,
        '--artifacts-destination',
        path.join(folder, 'files'),
      ];
      child = spawn(
        program,
        ['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...stores],
        {
          stdio: 'ignore',
          detached: true, // its own group, so that its children end with it
          cwd: folder,
        },
      );
      const healthy = () =>
        fetch(`${url}/health`).then(
          ({ ok }) => ok,
          () => false,
        );
      while (!(await healthy())) await new Promise((resolve) => setTimeout(resolve, 500));
    }, 120_000);
    afterAll(() => {
      if (child?.pid) process.kill(-child.pid, 'SIGKILL');
    });
    const get = async (what: string) => (await fetch(`${url}/api/2.0/mlflow${what}`)).json();
    const runsOf = async (experiment: string) => {
      const found = await get(`/experiments/get-by-name?experiment_name=${experiment}`);
      const body = JSON.stringify({ experiment_ids: [found.experiment.experiment_id] });
      const headers = { 'Content-Type': 'application/json' };
      return (
        await (await fetch(`${url}/api/2.0/mlflow/runs/search`, { method: 'POST', headers, body })).json()
      ).runs;
    };

    test('has the run, its settings, curves, end and model', async () => {
      const notes: string[] = [];
      const folder = runFolder('real');
      await whole(url, folder, notes, '?artifacts=model', { ...quick, timeoutSeconds: 20 });
      expect(notes).toEqual([]);
      const [run] = await runsOf('lungs');
      expect(run.info).toMatchObject({ status: 'FINISHED', run_name: 'real' });
      const params = Object.fromEntries(
        run.data.params.map(({ key, value }: Record<string, string>) => [key, value]),
      );
      expect(params).toMatchObject({
        lr: '0.5',
        'augment.shift': '0.1',
        task: 'classification',
        'data.fingerprint': 'abc',
      });
      const history = await get(`/metrics/get-history?run_id=${run.info.run_id}&metric_key=validation/auc`);
      expect(
        history.metrics.map(({ step, value }: { step: number; value: number }) => [Number(step), value]),
      ).toEqual([
        [1, 0.5],
        [2, 0.6],
        [3, 0.7],
      ]);
      const place = String(run.info.artifact_uri).replace('mlflow-artifacts:/', '');
      const model = await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/${place}/model.onnx`);
      expect(Buffer.from(await model.arrayBuffer())).toEqual(readFileSync(path.join(folder, 'model.onnx')));
    });

    test('takes the longest of everything', async () => {
      const notes: string[] = [];
      const long = Object.fromEntries(
        Array.from({ length: 220 }, (_, i) => [`setting${i}`, '研'.repeat(900)]),
      );
      const tracker = mlflowTracker(mlflowTarget(`${url}#limits`), { note: (text) => notes.push(text) });
      tracker.start(describeRun(runFolder('longest'), long));
      const many = Object.fromEntries(
        Array.from({ length: 2300 }, (_, i) => [`figure ${i} (of many): ä`, i]),
      );
      tracker.epoch({ ...record(0), validation: many });
      tracker.text('card', '# Model\n'.repeat(2000));
      tracker.finish('failed', {}, {});
      await tracker.close();
      expect(notes).toEqual([]);
      const [run] = await runsOf('limits');
      expect(run.info.status).toBe('FAILED');
      expect(run.data.metrics.length).toBe(2303);
      expect(run.data.params.filter(({ key }: { key: string }) => key.startsWith('setting')).length).toBe(
        220,
      );
    });

    test('goes on with a run that was interrupted', async () => {
      const note = { note: (text: string) => expect.fail(text) };
      const folder = runFolder('on');
      for (const [epoch, outcome] of [
        [0, 'interrupted'],
        [1, 'finished'],
      ] as const) {
        const tracker = mlflowTracker(mlflowTarget(`${url}#again`), note);
        tracker.start(describeRun(folder, { epochs: 3 + epoch }));
        tracker.epoch(record(epoch));
        tracker.finish(outcome, {}, {});
        await tracker.close();
        const runs = await runsOf('again');
        expect(runs.map(({ info }: { info: { status: string } }) => info.status)).toEqual([
          epoch === 0 ? 'KILLED' : 'FINISHED',
        ]);
      }
    });
  },
);

async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve));
  const { port } = socket.address() as AddressInfo; // listens on a port
  await new Promise((resolve) => socket.close(resolve));
  return port;
}
