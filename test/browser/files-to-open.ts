import sharp from 'sharp';
import { dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import { encodeRle } from '../../src/imaging/formats/dicom/objects/rle-encoder.ts';
import { writeDicom } from '../../src/imaging/formats/dicom/write-dicom.ts';
import { writeEdf } from '../../src/imaging/formats/edf/write-edf.ts';
import { writeNifti } from '../../src/imaging/formats/nifti/write-nifti.ts';
import { writeNrrd } from '../../src/imaging/formats/nrrd/write-nrrd.ts';
import { geometryFrom } from '../../src/imaging/geometry/geometry.ts';
import { medicalImage } from '../../src/imaging/image/medical-image.ts';
import { signal } from '../../src/imaging/signal/signal.ts';

const side = 16;
const grey = Uint8Array.from({ length: side * side }, (_, i) => (i * 7) % 200);

const header = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: '2.25.1',
  Modality: 'OT',
  Rows: side,
  Columns: side,
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  PixelRepresentation: 0,
};

/** Small files of every way of decoding, by name. */
export async function filesToOpen(): Promise<Readonly<Record<string, Uint8Array>>> {
  const jpeg = await sharp(grey, { raw: { width: side, height: side, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality: 90 })
    .toBuffer();
  const place = geometryFrom({ spacingMm: [1, 2, 3], originMm: [4, 5, 6] });
  const voxels = Int16Array.from({ length: 60 }, (_, i) => i * 11 - 300);
  const image = medicalImage(voxels, { width: 5, height: 4, depth: 3 }, 16, 'arbitrary', { geometry: place });
  const samples = Float64Array.from({ length: 200 }, (_, i) => Math.sin(i / 5));
  const wave = signal([{ name: 'II', unit: 'mV', samplingRateHz: 100, samples }], 100);
  return {
    'plain.dcm': writeDicom(dataset({ ...header, PixelData: grey })),
    'deflated.dcm': writeDicom(dataset({ ...header, PixelData: grey }), {
      transferSyntaxUid: '1.2.840.10008.1.2.1.99',
    }),
    'jpeg.dcm': writeDicom(dataset(header), {
      transferSyntaxUid: '1.2.840.10008.1.2.4.50',
      frames: [new Uint8Array(jpeg)],
    }),
    'rle.dcm': writeDicom(dataset(header), {
      transferSyntaxUid: '1.2.840.10008.1.2.5',
      frames: [encodeRle(grey, side, side, 1)],
    }),
    'volume.nii.gz': await writeNifti(image, { compressed: true }),
    'volume.nrrd': await writeNrrd(image),
    'wave.edf': writeEdf(wave),
    'cut.dcm': writeDicom(dataset({ ...header, PixelData: grey })).subarray(0, 300),
    'nothing.bin': Uint8Array.of(1, 2, 3, 4),
  };
}
