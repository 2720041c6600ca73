/** Image and signal files on disk. */
export { companionsOf } from './formats/companion-files.node.ts';
export { readFileSet } from './formats/dicom/dicomdir.node.ts';
export {
  type DicomListing,
  type ListOptions,
  listDicomFolder,
} from './formats/dicom/series/list-dicom-folder.node.ts';
export { type ReadSeriesOptions, readDicomSeries } from './formats/dicom/series/read-dicom-series.node.ts';
export { readSourceHeaders } from './formats/dicom/series/source-headers.node.ts';
export { fileSource } from './formats/file-source.node.ts';
export { describeFile, open, openImage } from './formats/open.node.ts';
export { encodePng, writePng } from './formats/write-png.node.ts';
