/** The rows of the smallest squares, from the nearest on, of equals the first; the row itself left out. */
export function nearestOf(squares: Float64Array, own: number, count: number): Int32Array {
  const near = new Int32Array(count);
  let found = 0;
  for (let j = 0; j < squares.length; j++) {
    if (j === own || (found === count && squares[j]! >= squares[near[count - 1]!]!)) continue;
    let at = found < count ? found++ : count - 1;
    while (at > 0 && squares[near[at - 1]!]! > squares[j]!) {
      near[at] = near[at - 1]!;
      at--;
    }
    near[at] = j;
  }
  return near;
}
