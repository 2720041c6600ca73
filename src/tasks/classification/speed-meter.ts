/** Images a second over the last steps, and the seconds that the rest will take at the pace so far. */
export function speedMeter(totalSteps: number, doneBefore: number) {
  const begun = performance.now();
  const recent: { at: number; images: number }[] = [];
  let images = 0;
  let steps = 0;
  return (count: number) => {
    const now = performance.now();
    images += count;
    steps++;
    recent.push({ at: now, images });
    if (recent.length > 20) recent.shift();
    const first = recent[0]!;
    const window = now - first.at;
    const left = totalSteps - doneBefore - steps;
    return {
      imagesPerSecond: window > 0 ? ((images - first.images) * 1000) / window : 0,
      secondsLeft: ((now - begun) / 1000 / steps) * Math.max(0, left),
    };
  };
}
