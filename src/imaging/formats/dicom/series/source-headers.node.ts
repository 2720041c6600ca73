import { stat } from 'node:fs/promises';
import { HounsfieldError } from '../../../../errors.ts';
import { fileSource } from '../../file-source.node.ts';
import type { Dataset } from '../dataset.ts';
import { readDicom } from '../read-dicom.ts';
import { folderFiles } from './folder-files.node.ts';
import { chooseSeries } from './series-choice.ts';
import { instanceFacts } from './slice-facts.ts';

/**
 * The headers of a series' images, in a folder or of one file, as the writers of derived objects take them.
 * Throws DICOM_NO_SERIES, DICOM_SERIES_SEVERAL and what readDicom throws.
 */
export async function readSourceHeaders(reference: string): Promise<readonly Dataset[]> {
  const isFolder = (await stat(reference).catch(() => undefined))?.isDirectory() === true;
  const files = isFolder ? (await folderFiles(reference)).files : [reference];
  const headers = new Map<string, Dataset>();
  const instances = [];
  let passedOver = 0;
  for (const name of files) {
    const source = await fileSource(name);
    try {
      const file = await readDicom(source, { stopBeforePixels: true });
      headers.set(name, file.dataset);
      instances.push(instanceFacts(file, name));
    } catch (error) {
      if (!(error instanceof HounsfieldError) || !isFolder) throw error;
      passedOver++;
    } finally {
      await source.close();
    }
  }
  const members = chooseSeries({ instances, passedOver, unreadable: [] }, undefined);
  return members.map(({ file }) => headers.get(file)!); // members come from headers
}
