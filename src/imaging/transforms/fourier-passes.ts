/** One pass of a transform over a block of lines [N, lines]: from x to y; see fourier.ts. */
export interface Pass {
  readonly radix: number;
  /** Length that is left before this pass. */
  readonly length: number;
  /** Elements between neighbours of the sequences that are left, in lines. */
  readonly stride: number;
  readonly cosine: Float64Array; // [length / radix, radix - 1]: of the twiddle factors
  readonly sine: Float64Array;
}

export function passOf4(
  { length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / 4;
  const run = stride * lines;
  const step = count * run;
  for (let p = 0; p < count; p++) {
    const [c1, c2, c3] = [cosine[3 * p]!, cosine[3 * p + 1]!, cosine[3 * p + 2]!];
    const [s1, s2, s3] = [sine[3 * p]!, sine[3 * p + 1]!, sine[3 * p + 2]!];
    let i = p * run;
    let o = 4 * p * run;
    for (const end = i + run; i < end; i++, o++) {
      const ar = xr[i]!;
      const ai = xi[i]!;
      const br = xr[i + step]!;
      const bi = xi[i + step]!;
      const cr = xr[i + 2 * step]!;
      const ci = xi[i + 2 * step]!;
      const dr = xr[i + 3 * step]!;
      const di = xi[i + 3 * step]!;
      const sumR = ar + cr;
      const sumI = ai + ci;
      const lessR = ar - cr;
      const lessI = ai - ci;
      const otherR = br + dr;
      const otherI = bi + di;
      const turnR = bi - di; // -i (b - d)
      const turnI = dr - br;
      yr[o] = sumR + otherR;
      yi[o] = sumI + otherI;
      const pr = lessR + turnR;
      const pi = lessI + turnI;
      yr[o + run] = c1 * pr - s1 * pi;
      yi[o + run] = c1 * pi + s1 * pr;
      const qr = sumR - otherR;
      const qi = sumI - otherI;
      yr[o + 2 * run] = c2 * qr - s2 * qi;
      yi[o + 2 * run] = c2 * qi + s2 * qr;
      const tr = lessR - turnR;
      const ti = lessI - turnI;
      yr[o + 3 * run] = c3 * tr - s3 * ti;
      yi[o + 3 * run] = c3 * ti + s3 * tr;
    }
  }
}

export function passOf2(
  { length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / 2;
  const run = stride * lines;
  const step = count * run;
  for (let p = 0; p < count; p++) {
    const c = cosine[p]!;
    const s = sine[p]!;
    let i = p * run;
    let o = 2 * p * run;
    for (const end = i + run; i < end; i++, o++) {
      const lessR = xr[i]! - xr[i + step]!;
      const lessI = xi[i]! - xi[i + step]!;
      yr[o] = xr[i]! + xr[i + step]!;
      yi[o] = xi[i]! + xi[i + step]!;
      yr[o + run] = c * lessR - s * lessI;
      yi[o + run] = c * lessI + s * lessR;
    }
  }
}

const HALF_ROOT_3 = Math.sqrt(3) / 2;

export function passOf3(
  { length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / 3;
  const run = stride * lines;
  const step = count * run;
  for (let p = 0; p < count; p++) {
    const [c1, c2, s1, s2] = [cosine[2 * p]!, cosine[2 * p + 1]!, sine[2 * p]!, sine[2 * p + 1]!];
    let i = p * run;
    let o = 3 * p * run;
    for (const end = i + run; i < end; i++, o++) {
      const sumR = xr[i + step]! + xr[i + 2 * step]!;
      const sumI = xi[i + step]! + xi[i + 2 * step]!;
      const midR = xr[i]! - 0.5 * sumR;
      const midI = xi[i]! - 0.5 * sumI;
      const sideR = HALF_ROOT_3 * (xi[i + step]! - xi[i + 2 * step]!);
      const sideI = HALF_ROOT_3 * (xr[i + 2 * step]! - xr[i + step]!);
      yr[o] = xr[i]! + sumR;
      yi[o] = xi[i]! + sumI;
      const pr = midR + sideR;
      const pi = midI + sideI;
      yr[o + run] = c1 * pr - s1 * pi;
      yi[o + run] = c1 * pi + s1 * pr;
      const qr = midR - sideR;
      const qi = midI - sideI;
      yr[o + 2 * run] = c2 * qr - s2 * qi;
      yi[o + 2 * run] = c2 * qi + s2 * qr;
    }
  }
}

export function passOfPrime(
  { radix, length, stride, cosine, sine }: Pass,
  lines: number,
  xr: Float64Array,
  xi: Float64Array,
  yr: Float64Array,
  yi: Float64Array,
): void {
  const count = length / radix;
  const run = stride * lines;
  const step = count * run;
  const rootC = Float64Array.from({ length: radix }, (_, k) => Math.cos((2 * Math.PI * k) / radix));
  const rootS = Float64Array.from({ length: radix }, (_, k) => -Math.sin((2 * Math.PI * k) / radix));
  for (let p = 0; p < count; p++) {
    for (let j = 0; j < radix; j++) {
      const c = j === 0 ? 1 : cosine[p * (radix - 1) + j - 1]!;
      const s = j === 0 ? 0 : sine[p * (radix - 1) + j - 1]!;
      const from = p * run;
      const o = (radix * p + j) * run;
      for (let q = 0; q < run; q++) {
        let sumR = 0;
        let sumI = 0;
        for (let k = 0, root = 0, i = from + q; k < radix; k++, i += step) {
          sumR += rootC[root]! * xr[i]! - rootS[root]! * xi[i]!;
          sumI += rootC[root]! * xi[i]! + rootS[root]! * xr[i]!;
          root += j;
          if (root >= radix) root -= radix;
        }
        yr[o + q] = c * sumR - s * sumI;
        yi[o + q] = c * sumI + s * sumR;
      }
    }
  }
}
