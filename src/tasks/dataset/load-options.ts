/** How a data set is read; everything may be left out. */
export interface LoadOptions {
  /**
   * Regular expression with one group, matched against each image's path relative to the data: the group is the patient.
   * For folders, and for tables without a patient column.
   */
  readonly patientPattern?: string;
  /** The classes and their order. A label outside the list is an error; npz labels 0, 1, … are named by it. */
  readonly classes?: readonly string[];
  /** Names of a table's columns where they are not image, label, patient, split. */
  readonly columns?: Readonly<Partial<Record<'image' | 'label' | 'patient' | 'split', string>>>;
}

/** The patient of an image by its relative path, or undefined when there is no pattern or it does not match. */
export type PatientFinder = ((id: string) => string | undefined) | undefined;
