import { writtenDicom } from './written-dicom.ts';

// For scripts/peers/dicom_written.py: one JSON object per line on the standard output.
for (const { name, bytes } of writtenDicom())
  process.stdout.write(`${JSON.stringify({ name, file: Buffer.from(bytes).toString('base64') })}\n`);
