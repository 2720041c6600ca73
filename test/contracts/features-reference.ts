import {
  FEATURE_FAMILIES,
  type FeatureDefinition,
  type FeatureFamily,
} from '../../src/imaging/features/feature.ts';
import { FEATURE_DEFINITIONS } from '../../src/imaging/features/feature-definitions.ts';
import { IMAGE_FILTER_NAMES } from '../../src/imaging/features/image-filters.ts';
import { FEATURE_PRESETS } from '../../src/imaging/features/presets.ts';
import { DEFAULT_FEATURE_SETTINGS } from '../../src/imaging/features/settings.ts';

const bound = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return '∞';
  if (value === Number.NEGATIVE_INFINITY) return '-∞';
  return String(Number(value.toPrecision(6)));
};

function row({ family, name, id, title, unit, range: [low, high] }: FeatureDefinition): string {
  return `| \`${family}_${name}\` | ${id} | ${title} | ${unit} | ${bound(low)} .. ${bound(high)} |`;
}

function familyText(family: FeatureFamily): string {
  const { title, id } = FEATURE_FAMILIES[family];
  const definitions = FEATURE_DEFINITIONS[family];
  const rows = definitions.map(row).join('\n');
  return `## ${title} (${id})

${definitions.length} features.

| key | IBSI | title | unit | range |
|---|---|---|---|---|
${rows}
`;
}

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** The text of docs/reference/features.md. */
export function featuresReference(): string {
  const families = Object.keys(FEATURE_FAMILIES) as FeatureFamily[]; // the table's own keys
  const count = families.reduce((sum, family) => sum + FEATURE_DEFINITIONS[family].length, 0);
  const presets = Object.entries(FEATURE_PRESETS).map(
    ([name, preset]) => `### ${name}\n\n\`\`\`json\n${json(preset)}\n\`\`\`\n`,
  );
  return `# Features

<!-- Made by scripts/features-reference.mjs from the features' own definitions. Do not edit. -->

The ${count} features of the IBSI reference manual (version 11), with its names and identifiers. A column's name is the key;
texture features have the aggregation behind it (\`cm_joint_max_3D_avg\`), features of filtered images the image's name before
it (\`wavelet-LLH_stat_mean\`). Unit 'u' is the image's own; '1' is a number without a unit. Ranges are those of the
definitions; where rounding or a mesh leads beyond them by a last digit the value is left as it is.

A region that a feature is not defined for (one voxel, one plane, one intensity) gives no value (NaN) and a remark that says
why; where the manual prescribes a value, that value and the remark.

Aggregations of co-occurrence (cm) and run length (rlm) matrices: \`2D_avg\` each slice and direction, averaged; \`2D_s_mrg\`
directions merged in each slice, averaged; \`2_5D_d_mrg\` slices merged for each direction, averaged; \`2_5D_mrg\` all slices and
directions merged; \`3D_avg\` each of 13 directions, averaged; \`3D_mrg\` merged. The other texture matrices have no directions
and know \`2D_avg\`, \`2_5D_mrg\` and \`3D_mrg\`: of the aggregations asked for, the nearest is taken.

${families.map(familyText).join('\n')}
## Images

Features are computed of the image itself (\`original\`) and of what filters make of it: ${IMAGE_FILTER_NAMES.filter(
    (name) => name !== 'original',
  )
    .map((name) => `\`${name}\``)
    .join(', ')}. Each is an entry of \`images\` with its own \`parameters\`:

| filter | parameters | names of its images |
|---|---|---|
| log | \`sigmaMm\` (a number or several), \`kernel\`, \`truncate\`, \`scaled\`, \`by\`, \`border\` of laplacian-of-gaussian | \`log-sigma-2-0-mm-3D\` |
| wavelet | \`bands\` (all where absent), \`wavelet\`, \`level\`, \`convention\`, \`rotations\`, \`by\`, \`border\` of wavelet-band | \`wavelet-LLH\`, \`wavelet2-LLH\` |
| mean | \`window\`, \`by\`, \`border\` of mean-filter | \`mean-3\` |
| laws | \`kernels\`, \`rotations\`, \`energy\`, \`border\` of laws | \`laws-L5S5E5\`, \`laws-L5S5E5-energy\` |
| gradient | \`per\`: 'mm' or 'voxel' | \`gradient\` |
| square, squareroot, logarithm, exponential | none; scaled to the image's greatest absolute value, as pyradiomics does | their own |
| lbp-2D | \`points\` 8, \`radius\` 1, \`method\` 'uniform' | \`lbp-2D\` |
| lbp-3D | \`distance\` 1, \`method\` 'count' | \`lbp-3D\` |

Re-segmentation follows the image itself. Of a response fixed bins begin at the region's lowest value.

## Where it differs from MIRP and pyradiomics

What was found to differ from pyradiomics 3.0.1 by more than 1e-6, or from MIRP 2.7.0 by more than 1e-4, on made images of many shapes,
spacings, directions and value types. Reasons are those that the numbers speak for; not every value was traced to its end.

| peer | where | peer | here |
|---|---|---|---|
| pyradiomics with NumPy 2 | whole-number images near the end of their type, a bin width written as a whole number | the last edge overflows (uint8 above 205 with a width of 25), nearly all voxels share a bin | the bins that NumPy 1 makes and that a width of 25.0 gives |
| pyradiomics | turned grids, resampled so that new voxels lie halfway between old ones | the last bit of ITK's inverse matrix decides to which voxel of the mask each belongs | the last bit of the inverse taken here, so that such voxels may fall otherwise |
| pyradiomics | constant regions of filtered images; three voxels' least axis | skewness, kurtosis and lengths of rounding noise | those of its own rounding, or 0 |
| pyradiomics | values of nearly 0 after LoG, gradient, normalisation or wavelets of float32 images | rounded to float32 at each step: 1e-7 of the greatest value | likewise, in another order |
| pyradiomics | LBP3D where neighbours equal the voxel (outliers cut off, constant slabs) of images of fractions | rounding of SciPy's spline decides each bit | that of another order of sums |
| pyradiomics | an image too small for LoG | the features are left out | no value |
| pyradiomics | sigmas in the names of LoG | as written: \`1\` or \`1-0\` | \`1-0\` |
| pyradiomics | 2-D images | by the file | an image of one slice whose place in the patient is not known |
| MIRP | \`morph_a_dens_ombb\` | at times the volume's density | the area's |
| MIRP | \`morph_v_dens_ombb\`, and both densities of the enclosing ellipsoid | a box by steps of angles, an ellipsoid to a tolerance | the smallest box of the hull, an ellipsoid that encloses every vertex |
| MIRP | \`morph_a_dens_aee\` of flat regions | none | the value |
| MIRP | peaks near the image's border | beyond 300 voxels the border's values are repeated, below they are not | the mean of the voxels there are |
| MIRP | \`cm_inv_var\` of a matrix with one grey level, averaged | left out | 0, as defined |
| MIRP | \`cm_info_corr1\` of such a matrix, averaged | taken as 1, outside of its range | left out, with a remark |
| MIRP | \`ivh_auc\` with bins of a fixed size | the curve's last bin counted otherwise, some 1e-3 | by the levels there are |
| MIRP | regions at the image's border, interpolated | new voxels beyond the outermost centres are not the region's | they continue those at the border |
| MIRP | lengths that are whole numbers of new voxels but for float32's rounding (20 of 2.2 mm by 2) | one voxel more, the grid moves by half of one | none more |

## Settings

What is taken where nothing is said:

\`\`\`json
${json(DEFAULT_FEATURE_SETTINGS)}
\`\`\`

| setting | meaning |
|---|---|
| label | value of the mask that is the region; "any" above 0; null the only value there is |
| channel, timePoint | of the image, from 0; null the only one |
| spacingWhenUnknownMm | taken for an image without a spacing; null refuses it |
| interpolation | null, or \`spacingMm\` (one length or three; null leaves an axis as it is), \`image\` (nearest, linear, cubic), \`mask\` (nearest, linear), \`maskThreshold\`; centres of the grids are aligned |
| rounding | to whole numbers after interpolation: auto (HU alone), always, never |
| resegmentation | \`range\` [low, high] of intensities kept, null for an open end; \`outlierSigmas\` keeps mean ± so many deviations; the narrower of both |
| discretisation | \`method\` none, fixed-bin-number (\`bins\`) or fixed-bin-size (\`binSize\`, from \`lowerBound\`: range, minimum, multiple or a number); \`equalisationBins\` before |
| ivh | \`method\` auto (by the unit), none, fixed-bin-number, fixed-bin-size; \`bins\`, \`binSize\` |
| families, aggregations | what is computed |
| texture | \`distance\`, \`coarseness\`, \`weighting\`, \`norm\` of the texture matrices |
| images | the image itself and filtered ones |

## Presets

\`{"preset": "ibsi-c"}\` takes the defaults, what the preset says over them, and what else is given over both.

${presets.join('\n')}`;
}
