import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The cases of a fixture of scripts/peers/learning*.py, its checksum verified. */
export function learningFixture<T>(name: string): T {
  const path = fileURLToPath(new URL(`../../fixtures/learning/${name}.json`, import.meta.url));
  const text = readFileSync(path, 'utf8');
  const fixture = JSON.parse(text) as { sha256: string; cases: T }; // written by the peer script for this test
  const payload = text.slice(text.indexOf('"cases":') + 8, text.lastIndexOf('}'));
  if (createHash('sha256').update(payload).digest('hex') !== fixture.sha256) {
    throw new Error(`${path} does not have the checksum that it states: make it again with scripts/peers.`);
  }
  return fixture.cases;
}
