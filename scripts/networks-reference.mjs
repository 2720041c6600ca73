// Writes docs/reference/networks.md from the registries of networks and weights. Compile first: npx tsc -p .
import { readFileSync, writeFileSync } from 'node:fs';
import { networksReference } from '../dist/test/contracts/networks-reference.js';

const at = (path) => new URL(`../${path}`, import.meta.url);
const peers = ['networks', 'sequences-networks'].flatMap(
  (name) => JSON.parse(readFileSync(at(`fixtures/learning/${name}.json`), 'utf8')).cases,
);
writeFileSync(at('docs/reference/networks.md'), networksReference(peers));
