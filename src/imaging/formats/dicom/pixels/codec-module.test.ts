import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { dicomCodecs, useDicomCodecs } from './codec-module.ts';

const bytes = () => {
  const main = createRequire(import.meta.url).resolve('dcmjs-codecs');
  return new Uint8Array(readFileSync(path.join(path.dirname(main), 'dcmjs-native-codecs.wasm')));
};
afterEach(() => useDicomCodecs(bytes()));

const input = {
  bytes: Uint8Array.of(0xff, 0x4f, 0xff, 0x51, 0, 1),
  width: 2,
  height: 2,
  samples: 1,
  bitsAllocated: 8,
  bitsStored: 8,
  signed: false,
  planar: false,
  photometric: 'MONOCHROME2',
};

test('the decoders may be given as bytes, and go on after a stream that they cannot decode', async () => {
  useDicomCodecs(bytes());
  const codecs = await dicomCodecs();
  for (let i = 0; i < 3; i++)
    expect(() => codecs.decode('DecodeJpeg2000', input)).toThrow(/^DICOM_CODESTREAM: /);
});

test.each([
  ['an address that nothing is at', 'data:application/wasm;base64,AAAA'],
  ['bytes that are no program', new Uint8Array(8)],
])('%s is an error that says what to do, and can be mended', async (_, source) => {
  useDicomCodecs(source);
  await expect(dicomCodecs()).rejects.toThrow(/^DICOM_CODECS_MISSING: .*useDicomCodecs/);
  useDicomCodecs(bytes());
  expect(await dicomCodecs()).toBeDefined();
});
