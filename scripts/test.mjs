// npm test: installs and compiles what is missing, checks style, runs every test, and ends with one line of counts.
// --long runs the long tests (*.long.ts) instead. Anything else is passed on to vitest (a folder, -t 'name').
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const long = process.argv.includes('--long');
const passedOn = process.argv.slice(2).filter((argument) => argument !== '--long');
const totals = { passed: 0, failed: 0, skipped: 0 };

function run(script, args, env = {}) {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } };
  return spawnSync(process.execPath, [join(root, script), ...args], options).status === 0;
}

function finish() {
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  process.exit(totals.failed > 0 || totals.passed === 0 ? 1 : 0);
}

function fail(what) {
  totals.failed++;
  console.error(`FAILED: ${what}`);
}

if (!run('scripts/prepare.mjs', [])) {
  fail('installing or compiling');
  finish();
}
if (!long && !run('node_modules/@biomejs/biome/bin/biome', ['check', '.']))
  fail('style (npm run format mends most)');

const folder = mkdtempSync(join(tmpdir(), 'hounsfield-test-'));
const file = join(folder, 'counts.json');
const reporters = ['--reporter=default', '--reporter=./scripts/test-reporter.mjs'];
const env = { HOUNSFIELD_TEST_COUNTS: file, ...(long ? { HOUNSFIELD_LONG: '1' } : {}) };
const clean = run('node_modules/vitest/vitest.mjs', ['run', ...reporters, ...passedOn], env);
let counts;
try {
  counts = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  fail('the tests did not run to their end');
  finish();
}
rmSync(folder, { recursive: true, force: true });
totals.passed += counts.passed;
totals.failed += counts.failed;
totals.skipped += counts.skipped.length;
for (const error of counts.errors) fail(error);
if (!clean && totals.failed === 0) fail('vitest ended with an error');
if (counts.skipped.length > 0) console.log('Skipped:');
for (const { name, note } of counts.skipped) console.log(`  ${name}${note ? ` (${note})` : ''}`);
finish();
