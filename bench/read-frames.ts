/** Opens a multi-frame DICOM file, decodes its frames one by one, and prints the process's largest resident memory, MB. */
import { decodeFrame } from '../src/imaging/formats/dicom/pixels/decode-frame.ts';
import { readDicom } from '../src/imaging/formats/dicom/read-dicom.ts';
import { fileSource } from '../src/imaging/formats/file-source.node.ts';

const [name = '', frames = '0'] = process.argv.slice(2);
const source = await fileSource(name);
const file = await readDicom(source);
for (let i = 0; i < Number(frames); i++) {
  const { values } = await decodeFrame(file, i);
  if (values[0] !== i) throw new Error(`frame ${i} begins with ${values[0]}`);
}
await source.close();
console.log(process.resourceUsage().maxRSS / 1024);
