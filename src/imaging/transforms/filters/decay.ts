/** Cells of the table for each unit of the exponent. */
const PER_UNIT = 256;
/** exp(-40) is nothing beside 1 even in float64. */
const REACH = 40;

/**
 * exp(-t) by a table: with place = t * scale, cell = floor(place) and rest = (place - cell) / scale, it is table[cell] *
 * (1 - rest + rest^2 / 2), exact to 1e-8 of the value. From place = last on it is nothing.
 */
export interface DecayCells {
  readonly table: Float64Array;
  readonly scale: number;
  readonly last: number;
}

export const decay: DecayCells = {
  table: Float64Array.from({ length: REACH * PER_UNIT + 1 }, (_, i) => Math.exp(-i / PER_UNIT)),
  scale: PER_UNIT,
  last: REACH * PER_UNIT,
};
