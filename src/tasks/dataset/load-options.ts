import type { ClinicalColumn } from './clinical-table.ts';
import type { TargetKind } from './dataset.ts';

/** Columns of a table that may go by another name. */
export type TableColumn = 'image' | 'label' | 'grade' | 'value' | 'patient' | 'site' | 'split';

/** How a data set is read; everything may be left out. */
export interface LoadOptions {
  /**
   * Regular expression with one group, matched against each image's path relative to the data: the group is the patient.
   * For folders, and for tables without a patient column.
   */
  readonly patientPattern?: string;
  /** What is to be learned; left out or 'auto': as the data say. */
  readonly target?: 'auto' | TargetKind;
  /**
   * The classes, labels, grades (low to high) or numbers, and their order. A class outside the list is an error; npz
   * labels 0, 1, … are named by it.
   */
  readonly classes?: readonly string[];
  /** Names of a table's columns where they are not image, label, grade, value, patient, site, split. */
  readonly columns?: Readonly<Partial<Record<TableColumn, string>>>;
  /** Whether samples are volumes: arrays of npz files are read as [N, D, H, W] then. */
  readonly volumes?: boolean;
  /** Image inputs that are wanted, in their order; left out: all that a table's columns name. */
  readonly inputs?: readonly string[];
  /** Clinical columns that are wanted, in their order; left out: all that a table has. */
  readonly table?: readonly ClinicalColumn[];
}

/** The patient of an image by its relative path, or undefined when there is no pattern or it does not match. */
export type PatientFinder = ((id: string) => string | undefined) | undefined;
