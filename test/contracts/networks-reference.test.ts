import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { networkNamed, networks } from '../../src/learning/networks/registry.ts';
import { learningFixture } from '../peers/learning-fixture.ts';
import { type Counted, networksReference, peerName } from './networks-reference.ts';

test('docs/reference/networks.md is what scripts/networks-reference.mjs makes of the registries', () => {
  const path = new URL('../../docs/reference/networks.md', import.meta.url);
  const peers = ['networks', 'sequences-networks'].flatMap((name) => learningFixture<Counted[]>(name));
  expect(readFileSync(path, 'utf8')).toBe(networksReference(peers));
});

test.each([...networks.keys()].filter((name) => peerName(name) !== ''))(
  '%s is found by the name that the reference gives for elsewhere',
  (name) => expect(networkNamed(peerName(name)).name).toBe(name),
);
