// Writes docs/reference/operators.md from the table of operators. Compile first: npx tsc -p .
import { mkdirSync, writeFileSync } from 'node:fs';
import { operatorsReference } from '../dist/test/contracts/operators-reference.js';

const path = new URL('../docs/reference/operators.md', import.meta.url);
mkdirSync(new URL('.', path), { recursive: true });
writeFileSync(path, operatorsReference());
