const GOLDEN = (3 - Math.sqrt(5)) / 2;
const MOST_STEPS = 200;

/**
 * Where a function of one number is lowest: the interval is first grown downhill, then Brent's method (Brent,
 * Algorithms for Minimization without Derivatives, 1973, chapter 5).
 */
export function lowestOf(of: (at: number) => number, low: number, high: number, tolerance = 1e-9): number {
  const [a, b] = grown(of, low, high);
  return within(of, a, b, tolerance);
}

/** Moves the end that is lower outward until the middle is the lowest. */
function grown(of: (at: number) => number, low: number, high: number): readonly [number, number] {
  let [a, b] = [low, high];
  let middle = (a + b) / 2;
  let [fa, fm, fb] = [of(a), of(middle), of(b)];
  for (let step = 0; step < 30 && (fa < fm || fb < fm); step++) {
    const width = b - a;
    if (fa < fb) {
      [b, fb] = [middle, fm];
      [middle, fm] = [a, fa];
      a -= width;
      fa = of(a);
    } else {
      [a, fa] = [middle, fm];
      [middle, fm] = [b, fb];
      b += width;
      fb = of(b);
    }
  }
  return [a, b];
}

function within(of: (at: number) => number, low: number, high: number, tolerance: number): number {
  let [a, b] = [low, high];
  let x = a + GOLDEN * (b - a);
  let [w, v] = [x, x];
  let fx = of(x);
  let [fw, fv] = [fx, fx];
  let [step, before] = [0, 0];
  for (let i = 0; i < MOST_STEPS; i++) {
    const middle = (a + b) / 2;
    const near = tolerance * Math.abs(x) + 1e-12;
    if (Math.abs(x - middle) <= 2 * near - (b - a) / 2) break;
    const r = (x - w) * (fx - fv);
    let q = (x - v) * (fx - fw);
    let p = (x - v) * q - (x - w) * r;
    q = 2 * (q - r);
    if (q > 0) p = -p;
    q = Math.abs(q);
    const parabola = Math.abs(p) < Math.abs(q * before * 0.5) && p > q * (a - x) && p < q * (b - x);
    if (parabola) {
      before = step;
      step = p / q;
    } else {
      before = x < middle ? b - x : a - x;
      step = GOLDEN * before;
    }
    const u = Math.abs(step) >= near ? x + step : x + (step > 0 ? near : -near);
    const fu = of(u);
    if (fu <= fx) {
      if (u < x) b = x;
      else a = x;
      [v, fv, w, fw, x, fx] = [w, fw, x, fx, u, fu];
    } else {
      if (u < x) a = u;
      else b = u;
      if (fu <= fw || w === x) [v, fv, w, fw] = [w, fw, u, fu];
      else if (fu <= fv || v === x || v === w) [v, fv] = [u, fu];
    }
  }
  return x;
}
