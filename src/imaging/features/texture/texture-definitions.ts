import type { FeatureDefinition } from '../feature.ts';
import type { CoOccurrence } from './co-occurrence-features.ts';
import type { ToneDifference } from './neighbourhoods.ts';
import type { SizeFeatures } from './size-matrix.ts';

export type TextureFamily = 'cm' | 'rlm' | 'szm' | 'dzm' | 'ngt' | 'ngl';

/** A definition and which sum of its family it is. */
type Row<Sums> = readonly [
  name: string,
  id: string,
  title: string,
  range: FeatureDefinition['range'],
  of: keyof Sums,
];

const UNIT = [0, 1] as const;
const POSITIVE = [0, Number.POSITIVE_INFINITY] as const;
const FROM_ONE = [1, Number.POSITIVE_INFINITY] as const;
const ANY = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** What coOccurrence() gives, and the two measures of information correlation that are made of it. */
export interface CoOccurrenceSums extends CoOccurrence {
  readonly informationCorrelation1: number;
  readonly informationCorrelation2: number;
}

/** IBSI reference manual v11, 3.6. */
export const CO_OCCURRENCE: readonly Row<CoOccurrenceSums>[] = [
  ['joint_max', 'GYBY', 'Joint maximum', UNIT, 'jointMaximum'],
  ['joint_avg', '60VM', 'Joint average', FROM_ONE, 'jointAverage'],
  ['joint_var', 'UR99', 'Joint variance', POSITIVE, 'jointVariance'],
  ['joint_entr', 'TU9B', 'Joint entropy', POSITIVE, 'jointEntropy'],
  ['diff_avg', 'TF7R', 'Difference average', POSITIVE, 'differenceAverage'],
  ['diff_var', 'D3YU', 'Difference variance', POSITIVE, 'differenceVariance'],
  ['diff_entr', 'NTRS', 'Difference entropy', POSITIVE, 'differenceEntropy'],
  ['sum_avg', 'ZGXS', 'Sum average', [2, Number.POSITIVE_INFINITY], 'sumAverage'],
  ['sum_var', 'OEEB', 'Sum variance', POSITIVE, 'sumVariance'],
  ['sum_entr', 'P6QZ', 'Sum entropy', POSITIVE, 'sumEntropy'],
  ['energy', '8ZQL', 'Angular second moment', UNIT, 'energy'],
  ['contrast', 'ACUI', 'Contrast', POSITIVE, 'contrast'],
  ['dissimilarity', '8S9J', 'Dissimilarity', POSITIVE, 'differenceAverage'],
  ['inv_diff', 'IB1Z', 'Inverse difference', UNIT, 'inverseDifference'],
  ['inv_diff_norm', 'NDRX', 'Normalised inverse difference', UNIT, 'inverseDifferenceNormalised'],
  ['inv_diff_mom', 'WF0Z', 'Inverse difference moment', UNIT, 'inverseDifferenceMoment'],
  [
    'inv_diff_mom_norm',
    '1QCO',
    'Normalised inverse difference moment',
    UNIT,
    'inverseDifferenceMomentNormalised',
  ],
  ['inv_var', 'E8JP', 'Inverse variance', UNIT, 'inverseVariance'],
  ['corr', 'NI2N', 'Correlation', [-1, 1], 'correlation'],
  ['auto_corr', 'QWB0', 'Autocorrelation', FROM_ONE, 'autocorrelation'],
  ['clust_tend', 'DG8W', 'Cluster tendency', POSITIVE, 'sumVariance'],
  ['clust_shade', '7NFM', 'Cluster shade', ANY, 'clusterShade'],
  ['clust_prom', 'AE86', 'Cluster prominence', POSITIVE, 'clusterProminence'],
  ['info_corr1', 'R8DG', 'Information correlation 1', [-1, 0], 'informationCorrelation1'],
  ['info_corr2', 'JN9H', 'Information correlation 2', UNIT, 'informationCorrelation2'],
];

/** IBSI reference manual v11, 3.7. */
export const RUN_LENGTH: readonly Row<SizeFeatures>[] = [
  ['sre', '22OV', 'Short runs emphasis', UNIT, 'small'],
  ['lre', 'W4KF', 'Long runs emphasis', FROM_ONE, 'large'],
  ['lgre', 'V3SW', 'Low grey level run emphasis', UNIT, 'lowGrey'],
  ['hgre', 'G3QZ', 'High grey level run emphasis', FROM_ONE, 'highGrey'],
  ['srlge', 'HTZT', 'Short run low grey level emphasis', UNIT, 'smallLow'],
  ['srhge', 'GD3A', 'Short run high grey level emphasis', POSITIVE, 'smallHigh'],
  ['lrlge', 'IVPO', 'Long run low grey level emphasis', POSITIVE, 'largeLow'],
  ['lrhge', '3KUM', 'Long run high grey level emphasis', FROM_ONE, 'largeHigh'],
  ['glnu', 'R5YN', 'Grey level non-uniformity', POSITIVE, 'greyNonUniformity'],
  ['glnu_norm', 'OVBL', 'Normalised grey level non-uniformity', UNIT, 'greyNonUniformityNormalised'],
  ['rlnu', 'W92Y', 'Run length non-uniformity', POSITIVE, 'sizeNonUniformity'],
  ['rlnu_norm', 'IC23', 'Normalised run length non-uniformity', UNIT, 'sizeNonUniformityNormalised'],
  ['r_perc', '9ZK5', 'Run percentage', UNIT, 'percentage'],
  ['gl_var', '8CE5', 'Grey level variance', POSITIVE, 'greyVariance'],
  ['rl_var', 'SXLW', 'Run length variance', POSITIVE, 'sizeVariance'],
  ['rl_entr', 'HJ9O', 'Run entropy', POSITIVE, 'entropy'],
];

/** IBSI reference manual v11, 3.8. */
export const SIZE_ZONE: readonly Row<SizeFeatures>[] = [
  ['sze', '5QRC', 'Small zone emphasis', UNIT, 'small'],
  ['lze', '48P8', 'Large zone emphasis', FROM_ONE, 'large'],
  ['lgze', 'XMSY', 'Low grey level zone emphasis', UNIT, 'lowGrey'],
  ['hgze', '5GN9', 'High grey level zone emphasis', FROM_ONE, 'highGrey'],
  ['szlge', '5RAI', 'Small zone low grey level emphasis', UNIT, 'smallLow'],
  ['szhge', 'HW1V', 'Small zone high grey level emphasis', POSITIVE, 'smallHigh'],
  ['lzlge', 'YH51', 'Large zone low grey level emphasis', POSITIVE, 'largeLow'],
  ['lzhge', 'J17V', 'Large zone high grey level emphasis', FROM_ONE, 'largeHigh'],
  ['glnu', 'JNSA', 'Grey level non-uniformity', POSITIVE, 'greyNonUniformity'],
  ['glnu_norm', 'Y1RO', 'Normalised grey level non-uniformity', UNIT, 'greyNonUniformityNormalised'],
  ['zsnu', '4JP3', 'Zone size non-uniformity', POSITIVE, 'sizeNonUniformity'],
  ['zsnu_norm', 'VB3A', 'Normalised zone size non-uniformity', UNIT, 'sizeNonUniformityNormalised'],
  ['z_perc', 'P30P', 'Zone percentage', UNIT, 'percentage'],
  ['gl_var', 'BYLV', 'Grey level variance', POSITIVE, 'greyVariance'],
  ['zs_var', '3NSA', 'Zone size variance', POSITIVE, 'sizeVariance'],
  ['zs_entr', 'GU8N', 'Zone size entropy', POSITIVE, 'entropy'],
];

/** IBSI reference manual v11, 3.9. */
export const DISTANCE_ZONE: readonly Row<SizeFeatures>[] = [
  ['sde', '0GBI', 'Small distance emphasis', UNIT, 'small'],
  ['lde', 'MB4I', 'Large distance emphasis', FROM_ONE, 'large'],
  ['lgze', 'S1RA', 'Low grey level zone emphasis', UNIT, 'lowGrey'],
  ['hgze', 'K26C', 'High grey level zone emphasis', FROM_ONE, 'highGrey'],
  ['sdlge', 'RUVG', 'Small distance low grey level emphasis', UNIT, 'smallLow'],
  ['sdhge', 'DKNJ', 'Small distance high grey level emphasis', POSITIVE, 'smallHigh'],
  ['ldlge', 'A7WM', 'Large distance low grey level emphasis', POSITIVE, 'largeLow'],
  ['ldhge', 'KLTH', 'Large distance high grey level emphasis', FROM_ONE, 'largeHigh'],
  ['glnu', 'VFT7', 'Grey level non-uniformity', POSITIVE, 'greyNonUniformity'],
  ['glnu_norm', '7HP3', 'Normalised grey level non-uniformity', UNIT, 'greyNonUniformityNormalised'],
  ['zdnu', 'V294', 'Zone distance non-uniformity', POSITIVE, 'sizeNonUniformity'],
  ['zdnu_norm', 'IATH', 'Normalised zone distance non-uniformity', UNIT, 'sizeNonUniformityNormalised'],
  ['z_perc', 'VIWW', 'Zone percentage', UNIT, 'percentage'],
  ['gl_var', 'QK93', 'Grey level variance', POSITIVE, 'greyVariance'],
  ['zd_var', '7WT1', 'Zone distance variance', POSITIVE, 'sizeVariance'],
  ['zd_entr', 'GBDU', 'Zone distance entropy', POSITIVE, 'entropy'],
];

/** IBSI reference manual v11, 3.10. */
export const TONE_DIFFERENCE: readonly Row<ToneDifference>[] = [
  ['coarseness', 'QCDE', 'Coarseness', [0, 1e6], 'coarseness'],
  ['contrast', '65HE', 'Contrast', POSITIVE, 'contrast'],
  ['busyness', 'NQ30', 'Busyness', POSITIVE, 'busyness'],
  ['complexity', 'HDEZ', 'Complexity', POSITIVE, 'complexity'],
  ['strength', '1X9X', 'Strength', POSITIVE, 'strength'],
];

/** IBSI reference manual v11, 3.11. */
export const DEPENDENCE: readonly Row<SizeFeatures>[] = [
  ['lde', 'SODN', 'Low dependence emphasis', UNIT, 'small'],
  ['hde', 'IMOQ', 'High dependence emphasis', FROM_ONE, 'large'],
  ['lgce', 'TL9H', 'Low grey level count emphasis', UNIT, 'lowGrey'],
  ['hgce', 'OAE7', 'High grey level count emphasis', FROM_ONE, 'highGrey'],
  ['ldlge', 'EQ3F', 'Low dependence low grey level emphasis', UNIT, 'smallLow'],
  ['ldhge', 'JA6D', 'Low dependence high grey level emphasis', POSITIVE, 'smallHigh'],
  ['hdlge', 'NBZI', 'High dependence low grey level emphasis', POSITIVE, 'largeLow'],
  ['hdhge', '9QMG', 'High dependence high grey level emphasis', FROM_ONE, 'largeHigh'],
  ['glnu', 'FP8K', 'Grey level non-uniformity', POSITIVE, 'greyNonUniformity'],
  ['glnu_norm', '5SPA', 'Normalised grey level non-uniformity', UNIT, 'greyNonUniformityNormalised'],
  ['dcnu', 'Z87G', 'Dependence count non-uniformity', POSITIVE, 'sizeNonUniformity'],
  ['dcnu_norm', 'OKJI', 'Normalised dependence count non-uniformity', UNIT, 'sizeNonUniformityNormalised'],
  ['dc_perc', '6XV8', 'Dependence count percentage', UNIT, 'percentage'],
  ['gl_var', '1PFV', 'Grey level variance', POSITIVE, 'greyVariance'],
  ['dc_var', 'DNX2', 'Dependence count variance', POSITIVE, 'sizeVariance'],
  ['dc_entr', 'FCBV', 'Dependence count entropy', POSITIVE, 'entropy'],
  ['dc_energy', 'CAS9', 'Dependence count energy', UNIT, 'energy'],
];

const ROWS: Readonly<Record<TextureFamily, readonly Row<never>[]>> = {
  cm: CO_OCCURRENCE,
  rlm: RUN_LENGTH,
  szm: SIZE_ZONE,
  dzm: DISTANCE_ZONE,
  ngt: TONE_DIFFERENCE,
  ngl: DEPENDENCE,
} as unknown as Readonly<Record<TextureFamily, readonly Row<never>[]>>; // each family's sums are its own

/** A feature's definition and the name of the sum it takes its value from. */
export interface TextureDefinition {
  readonly definition: FeatureDefinition;
  readonly of: string;
}

const FAMILIES = ['cm', 'rlm', 'szm', 'dzm', 'ngt', 'ngl'] as const;

/** All texture features of the standard by family, in its order. */
export const TEXTURE_DEFINITIONS = Object.fromEntries(
  FAMILIES.map((family) => [
    family,
    ROWS[family].map(([name, id, title, range, of]) => ({
      definition: { family, name, id, title, unit: '1', range },
      of,
    })),
  ]),
) as unknown as Readonly<Record<TextureFamily, readonly TextureDefinition[]>>; // one entry for each family
