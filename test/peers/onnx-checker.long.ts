import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const python = process.env['HOUNSFIELD_PEERS_PYTHON'];
const script = fileURLToPath(new URL('../../scripts/peers/onnx_checker.py', import.meta.url));

test.skipIf(!python)(
  'the ONNX checker accepts what the compiled engine writes (HOUNSFIELD_PEERS_PYTHON)',
  () => {
    // Skipped above where it is not set.
    const said = execFileSync(python!, [script, '--compare'], { encoding: 'utf8' });
    expect(said).toContain(' 0 refused');
  },
);
