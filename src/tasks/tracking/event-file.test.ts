import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { crc32c } from './crc32c.ts';
import { eventRecord, type TensorBoardEvent } from './event-file.ts';

const stored = JSON.parse(
  readFileSync(new URL('../../../fixtures/tracking/events.json', import.meta.url), 'utf8'),
);
const { wallTimeSeconds, events } = stored.payload as {
  wallTimeSeconds: number;
  events: { event: TensorBoardEvent & { png?: string }; record: string }[];
};

test('the fixture is as its maker left it', () => {
  expect(createHash('sha256').update(JSON.stringify(stored.payload)).digest('hex')).toBe(stored.sha256);
});

test.each(
  events.map((one) => [`${one.event.kind} at ${'step' in one.event ? one.event.step : '-'}`, one] as const),
)('a record is what TensorBoard itself writes: %s', (_, { event, record }) => {
  const whole =
    event.kind === 'image'
      ? { ...event, png: new Uint8Array(Buffer.from(String(event.png), 'base64')) }
      : event;
  expect(Buffer.from(eventRecord(whole, wallTimeSeconds)).toString('base64')).toBe(record);
});

test('crc32c is that of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
});
