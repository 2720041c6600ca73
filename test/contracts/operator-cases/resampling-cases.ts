import { constant, given, ints, type OperatorCase, random } from './operator-case.ts';

const scales = (...values: readonly number[]) => constant(given([values.length], values));
const square = random([1, 2, 4, 5]);
const byScale = (...values: readonly number[]) => [square, null, scales(...values)] as const;
const bySize = (...values: readonly number[]) => [square, null, null, ints(...values)] as const;

const nearest: readonly OperatorCase[] = [
  {
    op: 'Resize',
    inputs: byScale(1, 1, 2, 3),
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    differentiate: [0],
    torch: 'F.interpolate(x[0], scale_factor=(2, 3))',
  },
  {
    op: 'Resize',
    name: 'nearest, half pixel',
    inputs: byScale(1, 1, 2, 2),
    attributes: { mode: 'nearest' },
    differentiate: [0],
    torch: "F.interpolate(x[0], scale_factor=(2, 2), mode='nearest-exact')",
  },
  {
    op: 'Resize',
    name: 'nearest, smaller',
    inputs: bySize(1, 2, 3, 2),
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    differentiate: [0],
    torch: 'F.interpolate(x[0], size=(3, 2))',
  },
  ...['floor', 'ceil', 'round_prefer_ceil', 'round_prefer_floor'].flatMap((nearest_mode) =>
    ['half_pixel', 'align_corners', 'asymmetric', 'half_pixel_symmetric'].map(
      (coordinate_transformation_mode): OperatorCase => ({
        op: 'Resize',
        name: `nearest ${nearest_mode} ${coordinate_transformation_mode}`,
        inputs: [random([1, 1, 5, 6]), null, scales(1, 1, 1.5, 0.7)],
        attributes: { mode: 'nearest', nearest_mode, coordinate_transformation_mode },
        differentiate: [0],
      }),
    ),
  ),
  {
    op: 'Resize',
    name: 'nearest 3-D',
    inputs: [random([1, 2, 2, 3, 2]), null, scales(1, 1, 2, 1, 2)],
    attributes: { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
    differentiate: [0],
    torch: 'F.interpolate(x[0], scale_factor=(2, 1, 2))',
  },
];

const linear: readonly OperatorCase[] = [
  {
    op: 'Resize',
    name: 'linear',
    inputs: byScale(1, 1, 2, 2),
    attributes: { mode: 'linear' },
    differentiate: [0],
    torch: "F.interpolate(x[0], scale_factor=(2, 2), mode='bilinear')",
  },
  {
    op: 'Resize',
    name: 'linear by size',
    inputs: bySize(1, 2, 7, 3),
    attributes: { mode: 'linear' },
    differentiate: [0],
    torch: "F.interpolate(x[0], size=(7, 3), mode='bilinear')",
  },
  {
    op: 'Resize',
    name: 'linear, aligned corners',
    inputs: bySize(1, 2, 7, 3),
    attributes: { mode: 'linear', coordinate_transformation_mode: 'align_corners' },
    differentiate: [0],
    torch: "F.interpolate(x[0], size=(7, 3), mode='bilinear', align_corners=True)",
  },
  {
    op: 'Resize',
    name: 'linear to one, pytorch_half_pixel',
    inputs: bySize(1, 2, 1, 8),
    attributes: { mode: 'linear', coordinate_transformation_mode: 'pytorch_half_pixel' },
    differentiate: [0],
  },
  {
    op: 'Resize',
    name: 'linear, asymmetric',
    inputs: byScale(1, 1, 1.6, 0.8),
    attributes: { mode: 'linear', coordinate_transformation_mode: 'asymmetric' },
    differentiate: [0],
  },
  {
    op: 'Resize',
    name: 'linear 3-D',
    inputs: [random([1, 2, 3, 2, 4]), null, null, ints(1, 2, 5, 4, 3)],
    attributes: { mode: 'linear' },
    differentiate: [0],
    torch: "F.interpolate(x[0], size=(5, 4, 3), mode='trilinear')",
  },
  {
    op: 'Resize',
    name: 'axes',
    inputs: [square, null, null, ints(6, 7)],
    attributes: { mode: 'linear', axes: [2, 3] },
    differentiate: [0],
    torch: "F.interpolate(x[0], size=(6, 7), mode='bilinear')",
  },
  {
    op: 'Resize',
    name: 'not_larger',
    inputs: [square, null, null, ints(9, 7)],
    attributes: { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' },
    differentiate: [0],
  },
  {
    op: 'Resize',
    name: 'not_smaller',
    inputs: [square, null, null, ints(9, 7)],
    attributes: { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller' },
    differentiate: [0],
  },
  {
    op: 'Resize',
    name: 'tf_crop_and_resize',
    inputs: [square, constant(given([8], [0, 0, 0.2, 0.3, 1, 1, 0.9, 1.2])), null, ints(1, 2, 3, 4)],
    attributes: {
      mode: 'linear',
      coordinate_transformation_mode: 'tf_crop_and_resize',
      extrapolation_value: 2,
    },
    differentiate: [0],
  },
];

const cubic: readonly OperatorCase[] = [
  {
    op: 'Resize',
    name: 'cubic',
    inputs: bySize(1, 2, 7, 8),
    attributes: { mode: 'cubic' },
    differentiate: [0],
    torch: "F.interpolate(x[0], size=(7, 8), mode='bicubic')",
  },
  {
    op: 'Resize',
    name: 'cubic, outside left out',
    inputs: byScale(1, 1, 0.75, 1.5),
    attributes: { mode: 'cubic', exclude_outside: 1, cubic_coeff_a: -0.5 },
    differentiate: [0],
  },
  {
    op: 'Resize',
    name: 'cubic, aligned corners',
    inputs: bySize(1, 2, 3, 9),
    attributes: { mode: 'cubic', coordinate_transformation_mode: 'align_corners' },
    differentiate: [0],
    torch: "F.interpolate(x[0], size=(3, 9), mode='bicubic', align_corners=True)",
  },
];

/** Grids within and somewhat outside of [-1, 1], with the peer's words for the same attributes. */
const sampling = (['zeros', 'border'] as const).flatMap((padding_mode) =>
  [0, 1].flatMap((align_corners) => {
    const peer = (mode: string) =>
      `F.grid_sample(x[0], x[1], mode='${mode}', padding_mode='${padding_mode}', align_corners=${align_corners ? 'True' : 'False'})`;
    const words = `${padding_mode}${align_corners ? ', aligned corners' : ''}`;
    const attributes = { padding_mode, align_corners };
    // float32 alone, and steps over a kink of the interpolation are not derivatives.
    const noDifferences = 'the interpolation has kinks at the elements';
    const plane = [random([2, 2, 4, 5]), random([2, 3, 2, 2], -1.4, 1.4)];
    const volume = [random([1, 2, 3, 4, 2]), random([1, 2, 3, 2, 3], -1.4, 1.4)];
    return [
      {
        op: 'GridSample',
        name: `linear, ${words}`,
        inputs: plane,
        attributes: { mode: 'linear', ...attributes },
        differentiate: [0, 1],
        noDifferences,
        torch: peer('bilinear'),
      },
      {
        op: 'GridSample',
        name: `nearest, ${words}`,
        inputs: plane,
        attributes: { mode: 'nearest', ...attributes },
        differentiate: [0, 1],
        noDifferences: 'the peer gives zero for the grid, differences are of jumps',
        torch: peer('nearest'),
      },
      {
        op: 'GridSample',
        name: `linear 3-D, ${words}`,
        inputs: volume,
        attributes: { mode: 'linear', ...attributes },
        differentiate: [0, 1],
        noDifferences,
        torch: peer('bilinear'),
      },
    ] satisfies OperatorCase[];
  }),
);

const grids: readonly OperatorCase[] = [
  {
    op: 'AffineGrid',
    inputs: [random([2, 2, 3]), ints(2, 3, 4, 5)],
    differentiate: [0],
    torch: 'F.affine_grid(x[0], (2, 3, 4, 5), align_corners=False)',
  },
  {
    op: 'AffineGrid',
    name: '3-D, aligned corners',
    inputs: [random([1, 3, 4]), ints(1, 1, 2, 3, 2)],
    attributes: { align_corners: 1 },
    differentiate: [0],
    torch: 'F.affine_grid(x[0], (1, 1, 2, 3, 2), align_corners=True)',
  },
  { op: 'CenterCropPad', inputs: [random([5, 3]), ints(3, 5)], torch: 'F.pad(x[0][1:4], (1, 1))' },
];

export const resamplingCases: readonly OperatorCase[] = [
  ...nearest,
  ...linear,
  ...cubic,
  ...sampling,
  ...grids,
];
