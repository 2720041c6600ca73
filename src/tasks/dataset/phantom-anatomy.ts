import type { RandomStream } from '../../random.ts';
import type { Ellipse } from './phantom-canvas.ts';

/** What stays the same through a patient's slices; lengths in units of half the field of view. */
export interface PatientAnatomy {
  readonly bodyWidth: number;
  readonly bodyDepth: number;
  readonly fat: number;
  readonly lungWidth: number;
  readonly lungDepth: number;
  readonly heartSize: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly tilt: number;
  readonly vesselDensity: number;
  readonly ribPhase: number;
}

/** A thing in the lung: an ellipse with its HU. */
export type LungStructure = Ellipse & { readonly hu: number };

/** One slice, ready to paint from back to front. */
export interface SliceAnatomy {
  readonly tableY: number;
  readonly skin: Ellipse;
  readonly muscle: Ellipse;
  readonly ribs: readonly Ellipse[];
  readonly lungs: readonly Ellipse[];
  readonly heart: Ellipse;
  readonly aorta: Ellipse;
  readonly spine: Ellipse;
  readonly canal: Ellipse;
  readonly sternum: Ellipse;
  readonly vessels: readonly LungStructure[];
  readonly nodule: LungStructure | undefined;
}

/** Draws a patient. */
export function drawAnatomy(stream: RandomStream): PatientAnatomy {
  return {
    bodyWidth: stream.uniform(0.84, 0.95),
    bodyDepth: stream.uniform(0.64, 0.75),
    fat: stream.uniform(0.03, 0.09),
    lungWidth: stream.uniform(0.3, 0.345),
    lungDepth: stream.uniform(0.44, 0.52),
    heartSize: stream.uniform(0.19, 0.27),
    shiftX: stream.uniform(-0.04, 0.04),
    shiftY: stream.uniform(-0.12, -0.04),
    tilt: stream.uniform(-0.05, 0.05),
    vesselDensity: stream.uniform(0.8, 1.2),
    ribPhase: stream.uniform(0, 1),
  };
}

/** Draws what one slice of a patient shows at a level (0 top of the chest, 1 base). */
export function drawSlice(
  patient: PatientAnatomy,
  level: number,
  withNodule: boolean,
  stream: RandomStream,
): SliceAnatomy {
  const { shiftX: x0, shiftY: y0, tilt } = patient;
  const at = (x: number, y: number, a: number, b: number, angle = 0): Ellipse => ({
    x: x0 + x * Math.cos(tilt) - y * Math.sin(tilt),
    y: y0 + x * Math.sin(tilt) + y * Math.cos(tilt),
    a,
    b,
    angle: angle + tilt,
  });
  const breath = (0.82 + 0.2 * Math.sin(Math.PI * (0.15 + 0.7 * level))) * stream.uniform(0.97, 1.03);
  const inner = [patient.bodyWidth - patient.fat, patient.bodyDepth - patient.fat] as const;
  const [lungA, lungB] = [patient.lungWidth * breath, patient.lungDepth * breath];
  const lungX = inner[0] * 0.5;
  const lungs = [at(-lungX, 0, lungA, lungB, 0.12), at(lungX, 0, lungA * 0.95, lungB, -0.12)];
  const heart = patient.heartSize * (0.55 + 0.6 * level);
  return {
    tableY: y0 + patient.bodyDepth + 0.09,
    skin: at(0, 0, patient.bodyWidth, patient.bodyDepth),
    muscle: at(0, 0, ...inner),
    ribs: drawRibs(patient, level, at, inner),
    lungs,
    heart: at(0.1, -0.08, heart * 1.15, heart, 0.6),
    aorta: at(0.1, 0.2, 0.055, 0.055),
    spine: at(0, inner[1] * 0.52, 0.12, 0.1),
    canal: at(0, inner[1] * 0.52 + 0.15, 0.075, 0.07),
    sternum: at(0, -inner[1] * 0.86, 0.1, 0.035),
    vessels: drawVessels(patient, lungs, stream),
    nodule: withNodule ? drawNodule(lungs, stream) : undefined,
  };
}

function drawRibs(
  patient: PatientAnatomy,
  level: number,
  at: (x: number, y: number, a: number, b: number, angle?: number) => Ellipse,
  inner: readonly [number, number],
): Ellipse[] {
  const [a, b] = [inner[0] * 0.93, inner[1] * 0.9];
  const phase = (patient.ribPhase + 1.7 * level) % 1;
  return Array.from({ length: 12 }, (_, i) => {
    const side = i < 6 ? 1 : -1;
    const angle = -1.15 + ((i % 6) + phase * 0.8) * 0.43;
    const [x, y] = [side * a * Math.cos(angle), b * Math.sin(angle)];
    return at(x, y, 0.085, 0.026, Math.atan2(b * Math.cos(angle), -side * a * Math.sin(angle)));
  });
}

/** Vessels: thick and long near the middle of the chest, fine and often cut across (round) towards the rim. */
function drawVessels(
  patient: PatientAnatomy,
  lungs: readonly Ellipse[],
  stream: RandomStream,
): LungStructure[] {
  const vessels: LungStructure[] = [];
  for (const [side, lung] of lungs.entries()) {
    const hilum = side === 0 ? 1 : -1;
    const count = Math.round(stream.uniform(10, 15) * patient.vesselDensity);
    for (let k = 0; k < count; k++) {
      const [u, v] = pointInDisc(stream, 0.92);
      const central = Math.max(0, (1 + hilum * u) / 2) * (1 - 0.5 * Math.abs(v));
      const radius = 0.01 + 0.018 * central * stream.uniform(0.6, 1.2);
      const length = stream.chance(0.4) ? stream.uniform(1, 1.6) : stream.uniform(2, 6);
      const [x, y] = fromLung(lung, u, v);
      const towardsHilum = Math.atan2(lung.y - y, lung.x + hilum * lung.a - x);
      const angle = towardsHilum + stream.normal(0, 0.35);
      vessels.push({ x, y, a: radius * length, b: radius, angle, hu: stream.uniform(-250, 20) });
    }
  }
  return vessels;
}

/** A nodule: round, solid or part solid; the slice rarely meets its middle, so size and contrast vary. */
function drawNodule(lungs: readonly Ellipse[], stream: RandomStream): LungStructure {
  const lung = lungs[stream.integer(lungs.length)]!;
  const [x, y] = fromLung(lung, ...pointInDisc(stream, 0.78));
  const radius = stream.uniform(0.068, 0.135);
  const offCentre = stream.uniform(0, 0.8);
  const seen = radius * Math.sqrt(1 - offCentre * offCentre);
  const roundness = stream.uniform(0.8, 1);
  const solid = stream.chance(0.75) ? stream.uniform(-80, 70) : stream.uniform(-500, -200);
  return {
    x,
    y,
    a: seen,
    b: seen * roundness,
    angle: stream.uniform(0, Math.PI),
    hu: solid,
  };
}

function pointInDisc(stream: RandomStream, reach: number): [number, number] {
  const radius = reach * Math.sqrt(stream.uniform());
  const angle = stream.uniform(0, 2 * Math.PI);
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

function fromLung(lung: Ellipse, u: number, v: number): [number, number] {
  const [cos, sin] = [Math.cos(lung.angle), Math.sin(lung.angle)];
  return [lung.x + lung.a * u * cos - lung.b * v * sin, lung.y + lung.a * u * sin + lung.b * v * cos];
}
