/** Figures of ordered grades 0..K-1, beside the weighted kappas of the confusion matrix. */

/** The grade that probabilities [K] say: the lowest that half of the probability does not lie above, the median. */
export function gradeOf(probabilities: ArrayLike<number>): number {
  let above = 0;
  for (let grade = 1; grade < probabilities.length; grade++) above += probabilities[grade]!;
  for (let grade = 0; grade + 1 < probabilities.length; grade++) {
    if (!(above > 0.5)) return grade;
    above -= probabilities[grade + 1]!;
  }
  return probabilities.length - 1;
}

/** Probability of a grade above `cut`, of each row of probabilities [N, K]. */
export function probabilityAbove(
  probabilities: ArrayLike<number>,
  gradeCount: number,
  cut: number,
): Float64Array {
  return Float64Array.from({ length: probabilities.length / gradeCount }, (_, row) => {
    let sum = 0;
    for (let k = cut + 1; k < gradeCount; k++) sum += probabilities[row * gradeCount + k]!;
    return sum;
  });
}

/** Weighted share of samples whose grade is missed by `distance` or less. */
export function withinGrades(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  distance: number,
  weights?: ArrayLike<number>,
): number {
  let hits = 0;
  let all = 0;
  for (let i = 0; i < truth.length; i++) {
    const weight = weights === undefined ? 1 : weights[i]!;
    all += weight;
    if (Math.abs(truth[i]! - predicted[i]!) <= distance) hits += weight;
  }
  return all > 0 ? hits / all : Number.NaN;
}
