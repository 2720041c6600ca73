interface Exclusion {
  readonly pattern: RegExp;
  readonly reason: string;
}

const noKernel = 'ONNX Runtime 1.30 has no CPU kernel for the element type';

/** Node tests that are read, inferred and written, and not run. */
export const runtimeExclusions: readonly Exclusion[] = [
  { pattern: /^bitshift_.*_uint16/, reason: noKernel },
  { pattern: /^(max|min)_u?int16$/, reason: noKernel },
  { pattern: /^pow_types_float32_uint(32|64)$/, reason: noKernel },
  {
    pattern: /^mod_float.*fmod_0/,
    reason: 'ONNX Runtime asks for fmod=1 with floating-point numbers, as the standard did before opset 22',
  },
  { pattern: /^top_k_uint64$/, reason: noKernel },
  { pattern: /^reduce_max_empty_set_bool$/, reason: 'ONNX Runtime refuses an empty set of bool' },
  {
    pattern: /^resize_downsample_scales_(linear|cubic)_align_corners$/,
    reason:
      'ONNX Runtime aligns the corners of the whole result, the standard those of its size before rounding; ' +
      "its own test suite leaves these out as 'results mismatch'",
  },
  {
    pattern: /^maxunpool_export_with_output_shape$/,
    reason:
      'ONNX Runtime puts the values where they lie in the smaller output; its own test suite leaves this out',
  },
  { pattern: /^training_dropout(_default)?(_mask)?$/, reason: 'the values are random' },
];

export const runtimeExclusionOf = (name: string): string | undefined =>
  runtimeExclusions.find(({ pattern }) => pattern.test(name))?.reason;

/** Node tests whose shapes follow from values that the engine does not compute before running: name to reason. */
export const freeShapes: Readonly<Record<string, string>> = Object.fromEntries(
  [
    'compress_0',
    'compress_1',
    'compress_default_axis',
    'compress_negative_axis',
    'unique_length_1',
    'unique_not_sorted_without_axis',
    'unique_sorted_with_axis',
    'unique_sorted_with_axis_3d',
    'unique_sorted_with_negative_axis',
    'unique_sorted_without_axis',
  ].map((name) => [name, 'the number of elements is counted when the graph runs']),
);
