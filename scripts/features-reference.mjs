// Writes docs/reference/features.md from the features' definitions. Compile first: npx tsc -p .
import { mkdirSync, writeFileSync } from 'node:fs';
import { featuresReference } from '../dist/test/contracts/features-reference.js';

const path = new URL('../docs/reference/features.md', import.meta.url);
mkdirSync(new URL('.', path), { recursive: true });
writeFileSync(path, featuresReference());
