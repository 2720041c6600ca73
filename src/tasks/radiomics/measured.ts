/** What measuring one region gave. */
export interface Measured {
  readonly names: readonly string[];
  /** NaN where there is no value; [names]. */
  readonly values: Float64Array;
  /** 'cm_joint_max_3D_avg: one voxel; …'; '' where every feature has a value. */
  readonly remarks: string;
  /** SHA-256 (hex) over the image's size, place and values, whatever file they were in. */
  readonly imageSha256: string;
  readonly maskSha256?: string;
}

/** One region to be measured. */
export interface MeasureJob {
  readonly image: string;
  readonly mask?: string;
  readonly maskValue?: number | string;
}
