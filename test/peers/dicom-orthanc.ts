import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** An Orthanc of a test's own, on loopback. */
export interface Orthanc {
  readonly dicomPort: number;
  readonly get: <T>(route: string) => Promise<T>;
  readonly bytes: (route: string) => Promise<Uint8Array>;
  /** Stores a file over HTTP. */
  readonly store: (file: Uint8Array) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

export async function startOrthanc(folder: string): Promise<Orthanc> {
  mkdirSync(folder, { recursive: true });
  const [httpPort, dicomPort] = [await freePort(), await freePort()];
  const configuration = {
    StorageDirectory: path.join(folder, 'storage'),
    IndexDirectory: path.join(folder, 'storage'),
    HttpPort: httpPort,
    DicomPort: dicomPort,
    DicomAet: 'ORTHANC',
    RemoteAccessAllowed: false,
    AuthenticationEnabled: false,
    Plugins: [],
  };
  const file = path.join(folder, 'orthanc.json');
  writeFileSync(file, JSON.stringify(configuration));
  const child = spawn('/usr/sbin/Orthanc', [file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const request = (route: string) => fetch(`http://127.0.0.1:${httpPort}${route}`);
  for (let tries = 0; ; tries++) {
    const up = await request('/system').then(
      (answer) => answer.ok,
      () => false,
    );
    if (up) break;
    if (tries > 100) throw new Error('Orthanc does not answer');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    dicomPort,
    get: async <T>(route: string) => (await (await request(route)).json()) as T, // as Orthanc documents the route
    bytes: async (route) => new Uint8Array(await (await request(route)).arrayBuffer()),
    store: async (file) => {
      const answer = await fetch(`http://127.0.0.1:${httpPort}/instances`, {
        method: 'POST',
        body: Uint8Array.from(file),
      });
      if (!answer.ok) throw new Error(`Orthanc refused a file: ${answer.status}`);
    },
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}
