/** Adding and taking this away rounds a double of less than 2^51 to a whole number, halves to even. */
const ROUNDING = 1.5 * 2 ** 52;

/** The nearest whole number, of two the even one: as ONNX's Round and NumPy's rint. */
export const roundHalfEven = (value: number): number =>
  Math.abs(value) < 2 ** 51 ? value + ROUNDING - ROUNDING : value;
