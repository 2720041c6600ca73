import type { IntensityUnit } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import type { ModalityTransform } from '../pixels/modality.ts';
import { optionalText } from '../pixels/optional-values.ts';
import { suvTypeOf } from '../pixels/suv.ts';

/** What the values of a file mean after its modality's transform. */
export function imageUnit(file: DicomFile, transform: ModalityTransform): IntensityUnit {
  const modality = optionalText(file.dataset, 'Modality');
  const type = 'type' in transform ? transform.type?.toUpperCase() : undefined;
  if (type === 'HU') return 'HU';
  if (modality === 'RTDOSE' && type === 'GY') return 'Gy';
  if (modality === 'CT') return transform.kind === 'linear' && type === undefined ? 'HU' : 'arbitrary';
  if (modality !== 'PT' || transform.kind === 'table') return 'arbitrary';
  const units = optionalText(file.dataset, 'Units') ?? type;
  if (units === 'BQML') return 'Bq/ml';
  if (units !== 'GML' && units !== 'CM2ML') return 'arbitrary';
  const kind = suvTypeOf(file);
  return kind === 'SUVlbm-james' ? 'SUVlbm' : kind;
}
