/** What one annotation code stands for (WFDB's ecgcodes.h and ecgmap.h). */
export interface AnnotationCode {
  /** The character that is written for it. */
  readonly mnemonic: string;
  readonly description: string;
  /** True for codes that mark a beat. */
  readonly isBeat: boolean;
  /** The AHA database's letter for it. */
  readonly aha: string;
}

const beat = (mnemonic: string, description: string, aha: string): AnnotationCode => ({
  mnemonic,
  description,
  isBeat: true,
  aha,
});
const mark = (mnemonic: string, description: string, aha = 'O'): AnnotationCode => ({
  mnemonic,
  description,
  isBeat: false,
  aha,
});

/** Every standard code; 15, 17 and 42..49 are free for definitions in a file. */
export const ANNOTATION_CODES: Readonly<Record<number, AnnotationCode>> = {
  1: beat('N', 'Normal beat', 'N'),
  2: beat('L', 'Left bundle branch block beat', 'N'),
  3: beat('R', 'Right bundle branch block beat', 'N'),
  4: beat('a', 'Aberrated atrial premature beat', 'N'),
  5: beat('V', 'Premature ventricular contraction', 'V'),
  6: beat('F', 'Fusion of ventricular and normal beat', 'F'),
  7: beat('J', 'Nodal (junctional) premature beat', 'N'),
  8: beat('A', 'Atrial premature contraction', 'N'),
  9: beat('S', 'Premature or ectopic supraventricular beat', 'N'),
  10: beat('E', 'Ventricular escape beat', 'E'),
  11: beat('j', 'Nodal (junctional) escape beat', 'N'),
  12: beat('/', 'Paced beat', 'P'),
  13: beat('Q', 'Unclassifiable beat', 'Q'),
  14: mark('~', 'Signal quality change', 'U'),
  16: mark('|', 'Isolated QRS-like artifact'),
  18: mark('s', 'ST change'),
  19: mark('T', 'T-wave change'),
  20: mark('*', 'Systole'),
  21: mark('D', 'Diastole'),
  22: mark('"', 'Comment annotation'),
  23: mark('=', 'Measurement annotation'),
  24: mark('p', 'P-wave peak'),
  25: beat('B', 'Left or right bundle branch block', 'N'),
  26: mark('^', 'Non-conducted pacer spike'),
  27: mark('t', 'T-wave peak'),
  28: mark('+', 'Rhythm change'),
  29: mark('u', 'U-wave peak'),
  30: beat('?', 'Learning', 'Q'),
  31: beat('!', 'Ventricular flutter wave', 'O'),
  32: mark('[', 'Start of ventricular flutter/fibrillation', '['),
  33: mark(']', 'End of ventricular flutter/fibrillation', ']'),
  34: beat('e', 'Atrial escape beat', 'N'),
  35: beat('n', 'Supraventricular escape beat', 'N'),
  36: mark('@', 'Link to external data'),
  37: mark('x', 'Non-conducted P-wave (blocked APB)'),
  38: beat('f', 'Fusion of paced and normal beat', 'N'),
  39: mark('(', 'Waveform onset'),
  40: mark(')', 'Waveform end'),
  41: beat('r', 'R-on-T premature ventricular contraction', 'R'),
};

export const NOTE = 22;

/** The code that an AHA letter is read as. */
export const CODE_OF_AHA: Readonly<Record<string, number>> = {
  E: 10,
  F: 6,
  N: 1,
  O: 22,
  P: 12,
  Q: 13,
  R: 41,
  U: 14,
  V: 5,
  '[': 32,
  ']': 33,
};
