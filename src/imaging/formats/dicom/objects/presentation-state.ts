import { HounsfieldError } from '../../../../errors.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { type LookupTable, lookupTable } from '../pixels/lookup-table.ts';
import { type VoiWindow, windowsIn } from '../pixels/voi-window.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { colourFromCielab } from './cielab.ts';
import type { InstanceReference } from './content-tree.ts';
import { present } from './present.ts';

/** A window or table and the images that it is for; none listed means all images of the state. */
export interface StateWindow {
  readonly images: readonly InstanceReference[];
  readonly windows: readonly VoiWindow[];
  readonly tables: readonly LookupTable[];
}

/** What part of an image is shown (PS3.3 C.10.4); corners in pixels, column and row, counted from 1. */
export interface DisplayArea {
  readonly images: readonly InstanceReference[];
  readonly topLeft: readonly [number, number];
  readonly bottomRight: readonly [number, number];
  /** SCALE TO FIT, TRUE SIZE or MAGNIFY. */
  readonly sizeMode: string;
  /** From row to row, from column to column. */
  readonly spacingMm?: readonly [number, number];
  readonly aspectRatio?: readonly [number, number];
  readonly magnification?: number;
}

/** Points are column and row; in pixels of the image, or as parts 0..1 of the display area. */
export type AnnotationUnits = 'PIXEL' | 'DISPLAY' | 'MATRIX';

/** A drawing: POINT, POLYLINE, INTERPOLATED, CIRCLE or ELLIPSE (PS3.3 C.10.5). */
export interface GraphicObject {
  readonly kind: string;
  readonly units: AnnotationUnits;
  readonly points: readonly number[]; // [N, 2]
  readonly filled: boolean;
}

/** A note, in a box or at an anchor. */
export interface TextObject {
  readonly text: string;
  readonly units: AnnotationUnits;
  readonly box?: readonly [number, number, number, number]; // two corners
  readonly anchor?: readonly [number, number];
}

export interface GraphicAnnotation {
  readonly layer: string;
  readonly images: readonly InstanceReference[];
  readonly graphics: readonly GraphicObject[];
  readonly texts: readonly TextObject[];
}

/** How images are to be shown, by a softcopy presentation state. */
export interface PresentationState {
  readonly kind: 'grayscale' | 'colour' | 'pseudo-colour' | 'blending' | 'advanced';
  readonly label: string;
  readonly description?: string;
  readonly images: readonly (InstanceReference & { readonly seriesUid: string })[];
  readonly rescale?: { readonly slope: number; readonly intercept: number };
  readonly modalityTable?: LookupTable;
  readonly windows: readonly StateWindow[];
  /** IDENTITY and INVERSE, or a table of its own. */
  readonly presentation: 'IDENTITY' | 'INVERSE' | LookupTable;
  readonly displayAreas: readonly DisplayArea[];
  readonly annotations: readonly GraphicAnnotation[];
  readonly layers: readonly {
    readonly name: string;
    readonly order: number;
    readonly colour?: readonly [number, number, number];
  }[];
  /** Clockwise, degrees: 0, 90, 180 or 270; mirrored about the vertical axis first. */
  readonly rotation: number;
  readonly mirrored: boolean;
}

const KINDS: Readonly<Record<string, PresentationState['kind']>> = {
  '1.2.840.10008.5.1.4.1.1.11.1': 'grayscale',
  '1.2.840.10008.5.1.4.1.1.11.2': 'colour',
  '1.2.840.10008.5.1.4.1.1.11.3': 'pseudo-colour',
  '1.2.840.10008.5.1.4.1.1.11.4': 'blending',
  '1.2.840.10008.5.1.4.1.1.11.5': 'grayscale',
  '1.2.840.10008.5.1.4.1.1.11.8': 'advanced',
};

/** References to images in a sequence's items. */
function imageReferences(data: Dataset, keyword = 'ReferencedImageSequence'): InstanceReference[] {
  return sequence(data, keyword).map((item) => ({
    sopClassUid: text(item, 'ReferencedSOPClassUID') ?? '',
    sopInstanceUid: text(item, 'ReferencedSOPInstanceUID') ?? '',
    frames: numbers(item, 'ReferencedFrameNumber'),
    segments: numbers(item, 'ReferencedSegmentNumber'),
    channels: [],
  }));
}

function pair(values: readonly number[]): readonly [number, number] | undefined {
  const [a, b] = values;
  return a !== undefined && b !== undefined ? [a, b] : undefined;
}

/** Reads a softcopy presentation state (PS3.3 A.33). Throws PRESENTATION_STATE_KIND, DICOM_LOOKUP_TABLE. */
export async function readPresentationState(file: DicomFile): Promise<PresentationState> {
  const { dataset: data } = file;
  const kind = KINDS[text(data, 'SOPClassUID') ?? ''];
  if (kind === undefined) {
    throw new HounsfieldError(
      'PRESENTATION_STATE_KIND',
      'the object is no softcopy presentation state by its SOP Class UID. Read it as what it is.',
    );
  }
  const [slope, intercept] = [number(data, 'RescaleSlope'), number(data, 'RescaleIntercept')];
  const modality = sequence(data, 'ModalityLUTSequence')[0];
  return {
    kind,
    label: text(data, 'ContentLabel') ?? '',
    ...present({
      description: text(data, 'ContentDescription'),
      rescale: slope !== undefined && intercept !== undefined ? { slope, intercept } : undefined,
      modalityTable: modality && (await lookupTable(file, modality, false)),
    }),
    images: sequence(data, 'ReferencedSeriesSequence').flatMap((item) =>
      imageReferences(item).map((one) => ({ ...one, seriesUid: text(item, 'SeriesInstanceUID') ?? '' })),
    ),
    windows: await readWindows(file),
    presentation: await readPresentation(file),
    displayAreas: sequence(data, 'DisplayedAreaSelectionSequence').flatMap((item) => readArea(item) ?? []),
    annotations: sequence(data, 'GraphicAnnotationSequence').map(readAnnotation),
    layers: sequence(data, 'GraphicLayerSequence').map(readLayer),
    rotation: number(data, 'ImageRotation') ?? 0,
    mirrored: text(data, 'ImageHorizontalFlip') === 'Y',
  };
}

async function readWindows(file: DicomFile): Promise<StateWindow[]> {
  const found: StateWindow[] = [];
  for (const item of sequence(file.dataset, 'SoftcopyVOILUTSequence')) {
    const tables: LookupTable[] = [];
    for (const table of sequence(item, 'VOILUTSequence')) tables.push(await lookupTable(file, table, true));
    found.push({ images: imageReferences(item), windows: windowsIn(item), tables });
  }
  return found;
}

async function readPresentation(file: DicomFile): Promise<PresentationState['presentation']> {
  const item = sequence(file.dataset, 'PresentationLUTSequence')[0];
  if (item) return lookupTable(file, item, false);
  return text(file.dataset, 'PresentationLUTShape') === 'INVERSE' ? 'INVERSE' : 'IDENTITY';
}

function readArea(item: Dataset): DisplayArea | undefined {
  const topLeft = pair(numbers(item, 'DisplayedAreaTopLeftHandCorner'));
  const bottomRight = pair(numbers(item, 'DisplayedAreaBottomRightHandCorner'));
  if (topLeft === undefined || bottomRight === undefined) return undefined;
  return {
    images: imageReferences(item),
    topLeft,
    bottomRight,
    sizeMode: text(item, 'PresentationSizeMode') ?? '',
    ...present({
      spacingMm: pair(numbers(item, 'PresentationPixelSpacing')),
      aspectRatio: pair(numbers(item, 'PresentationPixelAspectRatio')),
      magnification: number(item, 'PresentationPixelMagnificationRatio'),
    }),
  };
}

function unitsOf(value: string | undefined): AnnotationUnits {
  return value === 'DISPLAY' || value === 'MATRIX' ? value : 'PIXEL';
}

function readAnnotation(item: Dataset): GraphicAnnotation {
  return {
    layer: text(item, 'GraphicLayer') ?? '',
    images: imageReferences(item),
    graphics: sequence(item, 'GraphicObjectSequence').map((one) => ({
      kind: text(one, 'GraphicType') ?? '',
      units: unitsOf(text(one, 'GraphicAnnotationUnits')),
      points: numbers(one, 'GraphicData'),
      filled: text(one, 'GraphicFilled') === 'Y',
    })),
    texts: sequence(item, 'TextObjectSequence').map(readText),
  };
}

function readText(item: Dataset): TextObject {
  const anchor = pair(numbers(item, 'AnchorPoint'));
  const topLeft = pair(numbers(item, 'BoundingBoxTopLeftHandCorner'));
  const bottomRight = pair(numbers(item, 'BoundingBoxBottomRightHandCorner'));
  const units = topLeft ? 'BoundingBoxAnnotationUnits' : 'AnchorPointAnnotationUnits';
  return {
    text: text(item, 'UnformattedTextValue') ?? '',
    units: unitsOf(text(item, units)),
    ...present({
      anchor,
      box: topLeft && bottomRight ? ([...topLeft, ...bottomRight] as const) : undefined,
    }),
  };
}

function readLayer(item: Dataset) {
  return {
    name: text(item, 'GraphicLayer') ?? '',
    order: number(item, 'GraphicLayerOrder') ?? 0,
    ...present({
      colour: colourFromCielab(numbers(item, 'GraphicLayerRecommendedDisplayCIELabValue')),
    }),
  };
}

/** True when references name an image and frame (counted from 1), or name none and so mean all. */
function covers(images: readonly InstanceReference[], sopInstanceUid: string, frame: number): boolean {
  if (images.length === 0) return true;
  return images.some(
    (one) => one.sopInstanceUid === sopInstanceUid && (one.frames.length === 0 || one.frames.includes(frame)),
  );
}

/** The window that a state gives an image (frame counted from 1); undefined where it has none for it, or a table instead. */
export function stateWindow(
  state: PresentationState,
  sopInstanceUid: string,
  frame = 1,
): VoiWindow | undefined {
  const known = covers(state.images, sopInstanceUid, frame);
  return known
    ? state.windows.find((one) => covers(one.images, sopInstanceUid, frame))?.windows[0]
    : undefined;
}
