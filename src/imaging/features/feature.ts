/** Families of features, with the IBSI's names and identifiers (reference manual v11, chapter 3). */
export const FEATURE_FAMILIES = {
  morph: { title: 'Morphology', id: 'HCUG' },
  loc: { title: 'Local intensity', id: '9ST6' },
  stat: { title: 'Intensity-based statistics', id: 'UHIW' },
  ih: { title: 'Intensity histogram', id: 'ZVCW' },
  ivh: { title: 'Intensity-volume histogram', id: 'P88C' },
  cm: { title: 'Grey level co-occurrence matrix', id: 'LFYI' },
  rlm: { title: 'Grey level run length matrix', id: 'TP0I' },
  szm: { title: 'Grey level size zone matrix', id: '9SAK' },
  dzm: { title: 'Grey level distance zone matrix', id: 'VMDZ' },
  ngt: { title: 'Neighbourhood grey tone difference matrix', id: 'IPET' },
  ngl: { title: 'Neighbouring grey level dependence matrix', id: 'REK0' },
} as const;
export type FeatureFamily = keyof typeof FEATURE_FAMILIES;

/**
 * How a texture matrix is made of slices and directions (reference manual, section 3.6 and on): by slice and averaged;
 * by slice with directions merged; by direction over all slices; one of all slices; in 3-D averaged or merged.
 * Families without directions know '2D_avg', '2_5D_mrg' and '3D_mrg' only, where they mean by slice, over all slices, and volume.
 */
export const AGGREGATIONS = ['2D_avg', '2D_s_mrg', '2_5D_d_mrg', '2_5D_mrg', '3D_avg', '3D_mrg'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** One feature as the standard describes it. */
export interface FeatureDefinition {
  readonly family: FeatureFamily;
  /** Snake case, without the family: 'joint_max'. */
  readonly name: string;
  /** The IBSI's four-character identifier. */
  readonly id: string;
  /** 'Joint maximum'. */
  readonly title: string;
  /** Of an image in unit 'u': 'mm', 'mm2', 'mm3', 'u', 'u2', '1' for numbers without a unit. */
  readonly unit: string;
  readonly range: readonly [low: number, high: number];
}

/** A value that was computed, or NaN with the reason why there is none. */
export interface FeatureValue {
  readonly definition: FeatureDefinition;
  readonly aggregation?: Aggregation;
  /** Of a filtered image its name, which the key begins with: 'wavelet-LLH'. */
  readonly image?: string;
  /** The column's name: 'cm_joint_max_3D_avg', 'stat_mean'. */
  readonly key: string;
  readonly value: number;
  /** Why the value is NaN, or prescribed rather than computed: 'one voxel', 'constant region'. */
  readonly remark?: string;
}

/**
 * A region cut out of an image to its bounding box: what the matrices and the statistics are made of. Outside the region
 * `inside` is 0 and the values mean nothing.
 */
export interface Region {
  /** Voxels along x, y, z of the box. */
  readonly size: readonly [width: number, height: number, depth: number];
  readonly spacingMm: readonly [x: number, y: number, z: number];
  /** Intensity of each voxel; [D, H, W]. */
  readonly values: Float64Array;
  /** 1 in the intensity mask (after re-segmentation), else 0; [D, H, W]. */
  readonly inside: Uint8Array;
  /** 1 in the morphological mask (before re-segmentation), else 0; [D, H, W]. */
  readonly shape: Uint8Array;
}

/** A region with its intensities as grey levels 1 .. levels; 0 outside. */
export interface DiscretizedRegion {
  readonly size: readonly [width: number, height: number, depth: number];
  readonly spacingMm: readonly [x: number, y: number, z: number];
  readonly levels: Uint16Array; // [D, H, W]
  /** N_g: the number of grey levels of the discretisation (the highest that occurs, where bins have a fixed size). */
  readonly count: number;
  /** 1 in the morphological mask, to whose edge zones have their distance (GLDZM); the levels' own voxels where absent. */
  readonly shape?: Uint8Array; // [D, H, W]
}
