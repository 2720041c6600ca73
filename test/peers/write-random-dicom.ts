import { randomDicom } from './random-dicom.ts';

// For scripts/peers/dicom_random.py: one JSON object per line on the standard output.
for (const { name, bytes } of randomDicom())
  process.stdout.write(`${JSON.stringify({ name, file: Buffer.from(bytes).toString('base64') })}\n`);
