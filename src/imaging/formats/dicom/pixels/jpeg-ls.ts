import { damagedStream, type LsScan, readLsStream, type ScanCoding } from './jpeg-ls-stream.ts';

/** Lengths of runs by how often the last ones were long (T.87 A.2.1). */
const RUN_BITS = Uint8Array.from([
  ...[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15],
]);

/** A JPEG-LS image (ITU-T T.87), one plane after another. */
export interface LsImage {
  readonly values: Uint8Array | Uint16Array; // [C, H, W]
  readonly width: number;
  readonly height: number;
  readonly components: number;
}

/**
 * Decodes a JPEG-LS stream, lossless or near-lossless, components apart or alternating by line or by sample.
 * No mapping tables, restart intervals or subsampling. Throws DICOM_CODESTREAM.
 */
export function decodeJpegLs(bytes: Uint8Array): LsImage {
  const stream = readLsStream(bytes);
  const { width, height, componentCount: components } = stream;
  const plane = width * height;
  const values =
    stream.precision <= 8 ? new Uint8Array(plane * components) : new Uint16Array(plane * components);
  for (const scan of stream.scans) decodeScan(scan, values, width, height);
  return { values, width, height, components };
}

/** What adapts itself while a scan is decoded, and where its bits are read. */
interface ScanState {
  readonly coding: ScanCoding;
  readonly view: DataView;
  readonly bitCount: number;
  bit: number;
  /** The quantised gradient of a difference, at difference + maxValue (T.87 A.3.3). */
  readonly gradients: Int8Array;
  /** 365 contexts (T.87 A.2.1): sums of magnitudes, of errors, corrections, counts. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly c: Int32Array;
  readonly n: Int32Array;
  /** Two contexts of run interruptions. */
  readonly runA: Int32Array;
  readonly runN: Int32Array;
  readonly runNegative: Int32Array;
}

function startScan({ coding, bits, bitCount }: LsScan): ScanState {
  const first = Math.max(2, (coding.range + 32) >> 6);
  const { maxValue, near, thresholds } = coding;
  const [t1, t2, t3] = thresholds;
  const gradients = new Int8Array(2 * maxValue + 1);
  for (const [step, least] of [near + 1, t1, t2, t3].entries()) {
    gradients.fill(-step - 1, 0, Math.max(0, maxValue - least + 1));
    gradients.fill(step + 1, Math.min(gradients.length, maxValue + least));
  }
  return {
    coding,
    view: new DataView(bits.buffer, bits.byteOffset, bits.byteLength),
    bitCount,
    bit: 0,
    gradients,
    a: new Int32Array(365).fill(first),
    b: new Int32Array(365),
    c: new Int32Array(365),
    n: new Int32Array(365).fill(1),
    runA: new Int32Array(2).fill(first),
    runN: new Int32Array(2).fill(1),
    runNegative: new Int32Array(2),
  };
}

function decodeScan(scan: LsScan, out: Uint8Array | Uint16Array, width: number, height: number): void {
  const state = startScan(scan);
  const count = scan.components.length;
  // A sample before each line and one behind; the line above the first is 0.
  const lines = scan.components.map(() => [new Int32Array(width + 2), new Int32Array(width + 2)] as const);
  const runs = new Uint8Array(count);
  for (let y = 0; y < height; y++) {
    const above = lines.map((pair) => pair[y & 1]!);
    const line = lines.map((pair) => pair[(y + 1) & 1]!);
    for (let i = 0; i < count; i++) {
      above[i]![width + 1] = above[i]![width]!;
      line[i]![0] = above[i]![1]!;
    }
    if (scan.interleave === 'sample') runs[0] = decodeSampleLine(state, line, above, width, runs[0]!);
    else for (let i = 0; i < count; i++) runs[i] = decodeLine(state, line[i]!, above[i]!, width, runs[i]!);
    if (state.bit > state.bitCount) throw damagedStream('its bits end too early');
    for (let i = 0; i < count; i++) {
      out.set(line[i]!.subarray(1, width + 1), (scan.components[i]! * height + y) * width);
    }
  }
}

/** One line of one component; the run's index goes in and comes out. */
function decodeLine(
  state: ScanState,
  line: Int32Array,
  above: Int32Array,
  width: number,
  run: number,
): number {
  const { gradients, view, coding, bitCount } = state;
  const { near, maxValue, range, limit, quantBits, reset } = coding;
  const { a, b, c, n } = state;
  const longest = limit - quantBits - 1;
  const spread = 2 * near + 1;
  let runIndex = run;
  let bit = state.bit;
  let left = line[0]!;
  let corner = above[0]!;
  let top = above[1]!;
  for (let x = 1; x <= width; ) {
    if (bit > bitCount) break;
    const right = above[x + 1]!;
    let context =
      81 * gradients[right - top + maxValue]! +
      9 * gradients[top - corner + maxValue]! +
      gradients[corner - left + maxValue]!;
    if (context === 0) {
      state.bit = bit;
      const taken = decodeRun(state, line, x, width, left, runIndex);
      x = taken >> 5;
      runIndex = taken & 31;
      if (x <= width) {
        line[x] = interruption(state, left, above[x]!, runIndex);
        if (runIndex > 0) runIndex--;
        x++;
      }
      bit = state.bit;
      left = line[x - 1]!;
      corner = above[x - 1]!;
      top = x <= width ? above[x]! : 0;
      continue;
    }
    const sign = context >> 31;
    context = (context ^ sign) - sign;
    const count = n[context]!;
    const size = a[context]!;
    let k = Math.clz32(count) - Math.clz32(size);
    if (k < 0) k = 0;
    if (count << k < size) k++;
    // The median of left, top and left + top - corner (T.87 A.4.1), then corrected.
    const low = Math.min(left, top);
    const high = Math.max(left, top);
    let value = corner >= high ? low : corner <= low ? high : left + top - corner;
    value += (c[context]! ^ sign) - sign;
    value = value < 0 ? 0 : Math.min(value, maxValue);
    const window = view.getUint32(bit >> 3) << (bit & 7);
    const zeros = Math.clz32(window);
    let mapped: number;
    if (zeros < longest && zeros + k < 24) {
      mapped = (zeros << k) | (((window << (zeros + 1)) >>> 1) >>> (31 - k));
      bit += zeros + 1 + k;
    } else {
      state.bit = bit;
      mapped = golomb(state, k, limit);
      bit = state.bit;
    }
    let error = (mapped >>> 1) ^ -(mapped & 1);
    let bias = b[context]!;
    if (k === 0 && near === 0 && 2 * bias <= -count) error = ~error;
    // A.6: the context learns.
    bias += error * spread;
    let magnitude = size + (error < 0 ? -error : error);
    let seen = count;
    if (seen === reset) {
      magnitude >>= 1;
      bias = bias >= 0 ? bias >> 1 : -((1 - bias) >> 1);
      seen >>= 1;
    }
    seen++;
    if (bias <= -seen) {
      bias += seen;
      if (c[context]! > -128) c[context]!--;
      if (bias <= -seen) bias = 1 - seen;
    } else if (bias > 0) {
      bias -= seen;
      if (c[context]! < 127) c[context]!++;
      if (bias > 0) bias = 0;
    }
    a[context] = magnitude;
    b[context] = bias;
    n[context] = seen;
    error *= spread;
    value += (error ^ sign) - sign;
    if (value < -near) value += range * spread;
    else if (value > maxValue + near) value -= range * spread;
    value = value < 0 ? 0 : Math.min(value, maxValue);
    line[x] = value;
    left = value;
    corner = top;
    top = right;
    x++;
  }
  state.bit = bit;
  return runIndex;
}

/** A Golomb code of length-limited form (T.87 A.5.3), by single windows of bits. */
function golomb(state: ScanState, k: number, limit: number): number {
  const longest = limit - state.coding.quantBits - 1;
  let zeros = 0;
  while (zeros < longest) {
    const window = state.view.getUint32(state.bit >> 3) << (state.bit & 7);
    const there = Math.min(Math.clz32(window), 24, longest - zeros);
    zeros += there;
    state.bit += there;
    if (state.bit > state.bitCount) throw damagedStream('its bits end too early');
    if (there < 24 && window !== 0) break;
  }
  state.bit++;
  if (zeros >= longest) return take(state, state.coding.quantBits) + 1;
  return (zeros << k) + take(state, k);
}

/** Up to 32 bits. */
function take(state: ScanState, count: number): number {
  let value = 0;
  for (let left = count; left > 0; ) {
    const now = Math.min(left, 24);
    const window =
      state.view.getUint32(Math.min(state.bit >> 3, state.view.byteLength - 4)) << (state.bit & 7);
    value = (value << now) | (window >>> (32 - now));
    state.bit += now;
    left -= now;
  }
  return value;
}

/** A run of one value from x on. @returns where it ends and the run's index, as x * 32 + index */
function decodeRun(
  state: ScanState,
  line: Int32Array,
  x: number,
  width: number,
  value: number,
  run: number,
): number {
  const end = width + 1;
  let index = run;
  let to = x;
  for (;;) {
    if (state.bit > state.bitCount) throw damagedStream('its bits end too early');
    if (take(state, 1) === 0) {
      to += take(state, RUN_BITS[index]!);
      if (to > end) throw damagedStream('a run is longer than its line');
      break;
    }
    const length = 1 << RUN_BITS[index]!;
    if (length <= end - to && index < 31) index++;
    to = Math.min(end, to + length);
    if (to === end) break;
  }
  line.fill(value, x, to);
  return to * 32 + index;
}

/** The sample that ends a run (T.87 A.7.2). */
function interruption(state: ScanState, left: number, top: number, runIndex: number): number {
  const { near } = state.coding;
  if (Math.abs(left - top) <= near) return reconstructed(state, left, runError(state, 1, runIndex));
  const error = runError(state, 0, runIndex);
  return reconstructed(state, top, top < left ? -error : error);
}

function reconstructed(state: ScanState, predicted: number, error: number): number {
  const { near, maxValue, range } = state.coding;
  const spread = 2 * near + 1;
  let value = predicted + error * spread;
  if (value < -near) value += range * spread;
  else if (value > maxValue + near) value -= range * spread;
  return value < 0 ? 0 : Math.min(value, maxValue);
}

function runError(state: ScanState, kind: 0 | 1, runIndex: number): number {
  const { runA, runN, runNegative, coding } = state;
  const count = runN[kind]!;
  const size = runA[kind]! + (kind === 1 ? count >> 1 : 0);
  let k = 0;
  while (count << k < size) k++;
  const mapped = golomb(state, k, coding.limit - RUN_BITS[runIndex]! - 1);
  const doubled = mapped + kind;
  const odd = doubled & 1;
  const magnitude = (doubled + odd) >> 1;
  const negative = (k !== 0 || 2 * runNegative[kind]! >= count) === (odd === 1);
  if (negative && magnitude !== 0) runNegative[kind]!++;
  runA[kind]! += (mapped + 1 - kind) >> 1;
  if (count === coding.reset) {
    runA[kind]! >>= 1;
    runN[kind]! >>= 1;
    runNegative[kind]! >>= 1;
  }
  runN[kind]!++;
  return negative ? -magnitude : magnitude;
}

/** One line of several components whose samples alternate. */
function decodeSampleLine(
  state: ScanState,
  lines: readonly Int32Array[],
  aboves: readonly Int32Array[],
  width: number,
  run: number,
): number {
  const { gradients, coding, bitCount } = state;
  const contexts = new Int32Array(lines.length);
  let runIndex = run;
  for (let x = 1; x <= width && state.bit <= bitCount; ) {
    let flat = true;
    for (let i = 0; i < lines.length; i++) {
      const [line, above] = [lines[i]!, aboves[i]!];
      const gradient = (high: number, low: number) => gradients[high - low + coding.maxValue]!;
      contexts[i] =
        81 * gradient(above[x + 1]!, above[x]!) +
        9 * gradient(above[x]!, above[x - 1]!) +
        gradient(above[x - 1]!, line[x - 1]!);
      flat &&= contexts[i] === 0;
    }
    if (!flat) {
      for (let i = 0; i < lines.length; i++)
        lines[i]![x] = regularSample(state, lines[i]!, aboves[i]!, x, contexts[i]!);
      x++;
      continue;
    }
    const taken = decodeRun(state, lines[0]!, x, width, lines[0]![x - 1]!, runIndex);
    const to = taken >> 5;
    runIndex = taken & 31;
    for (const line of lines) line.fill(line[x - 1]!, x, to);
    x = to;
    if (x > width) break;
    for (let i = 0; i < lines.length; i++) {
      const [left, top] = [lines[i]![x - 1]!, aboves[i]![x]!];
      const error = runError(state, 0, runIndex);
      lines[i]![x] = reconstructed(state, top, top < left ? -error : error);
    }
    if (runIndex > 0) runIndex--;
    x++;
  }
  return runIndex;
}

/** A sample by its context, as decodeLine does it in one piece; a context of 0 has its own errors here. */
function regularSample(
  state: ScanState,
  line: Int32Array,
  above: Int32Array,
  x: number,
  signed: number,
): number {
  const { a, b, c, n, coding } = state;
  const { near, maxValue, limit, reset } = coding;
  const sign = signed < 0 ? -1 : 1;
  const context = Math.abs(signed);
  const count = n[context]!;
  let k = 0;
  while (count << k < a[context]!) k++;
  const [left, top, corner] = [line[x - 1]!, above[x]!, above[x - 1]!];
  const [low, high] = left < top ? [left, top] : [top, left];
  const median = corner >= high ? low : corner <= low ? high : left + top - corner;
  const predicted = Math.max(0, Math.min(maxValue, median + sign * c[context]!));
  const mapped = golomb(state, k, limit);
  let error = (mapped >>> 1) ^ -(mapped & 1);
  if (k === 0 && near === 0 && 2 * b[context]! <= -count) error = ~error;
  b[context]! += error * (2 * near + 1);
  a[context]! += Math.abs(error);
  if (count === reset) {
    a[context]! >>= 1;
    b[context] = b[context]! >= 0 ? b[context]! >> 1 : -((1 - b[context]!) >> 1);
    n[context]! >>= 1;
  }
  const seen = ++n[context]!;
  if (b[context]! <= -seen) {
    b[context]! += seen;
    if (c[context]! > -128) c[context]!--;
    b[context] = Math.max(b[context]!, 1 - seen);
  } else if (b[context]! > 0) {
    b[context]! -= seen;
    if (c[context]! < 127) c[context]!++;
    b[context] = Math.min(b[context]!, 0);
  }
  return reconstructed(state, predicted, sign * error);
}
