/** Below this many keys, insertion is faster than counting digits. */
const FEW = 32;

export interface KeySorter {
  /** Sorts the first `count` keys by the `bits` bits above `shift`; equal ones keep their order. */
  readonly keys: (keys: Uint32Array, count: number, shift: number, bits: number) => void;
  /** The same of keys of `bits` bits, `rows` moved along with them. */
  readonly pairs: (keys: Uint32Array, rows: Int32Array, count: number, bits: number) => void;
}

/** Sorts by counting digits of at most 11 bits, least significant first, in scratch memory of its own. */
export function keySorter(most: number): KeySorter {
  const otherKeys = new Uint32Array(most);
  const otherRows = new Int32Array(most);
  const counts = new Int32Array(2048);

  function places(keys: Uint32Array, count: number, shift: number, digit: number): void {
    const mask = (1 << digit) - 1;
    counts.fill(0, 0, mask + 1);
    for (let i = 0; i < count; i++) counts[(keys[i]! >>> shift) & mask]!++;
    let sum = 0;
    for (let i = 0; i <= mask; i++) {
      const here = counts[i]!;
      counts[i] = sum;
      sum += here;
    }
  }

  function keyPass(from: Uint32Array, to: Uint32Array, count: number, shift: number, digit: number): void {
    places(from, count, shift, digit);
    const mask = (1 << digit) - 1;
    for (let i = 0; i < count; i++) {
      const key = from[i]!;
      to[counts[(key >>> shift) & mask]!++] = key;
    }
  }

  return {
    keys(keys, count, shift, bits) {
      if (count <= FEW) {
        insertKeys(keys, count, shift);
        return;
      }
      const turns = Math.ceil(bits / 11);
      const digit = Math.ceil(bits / turns);
      let from: Uint32Array = keys;
      let to: Uint32Array = otherKeys;
      for (let turn = 0; turn < turns; turn++) {
        const low = turn * digit;
        keyPass(from, to, count, shift + low, Math.min(digit, bits - low));
        [from, to] = [to, from];
      }
      if (from !== keys) keys.set(from.subarray(0, count));
    },
    pairs(keys, rows, count, bits) {
      if (count <= FEW) {
        insertPairs(keys, rows, count);
        return;
      }
      const turns = Math.ceil(bits / 11);
      const digit = Math.ceil(bits / turns);
      for (let turn = 0; turn < turns; turn++) {
        const low = turn * digit;
        const width = Math.min(digit, bits - low);
        const mask = (1 << width) - 1;
        places(keys, count, low, width);
        for (let i = 0; i < count; i++) {
          const key = keys[i]!;
          const place = counts[(key >>> low) & mask]!++;
          otherKeys[place] = key;
          otherRows[place] = rows[i]!;
        }
        keys.set(otherKeys.subarray(0, count));
        rows.set(otherRows.subarray(0, count));
      }
    },
  };
}

function insertKeys(keys: Uint32Array, count: number, shift: number): void {
  for (let i = 1; i < count; i++) {
    const key = keys[i]!;
    const rank = key >>> shift;
    let j = i - 1;
    while (j >= 0 && keys[j]! >>> shift > rank) {
      keys[j + 1] = keys[j]!;
      j--;
    }
    keys[j + 1] = key;
  }
}

function insertPairs(keys: Uint32Array, rows: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const key = keys[i]!;
    const row = rows[i]!;
    let j = i - 1;
    while (j >= 0 && keys[j]! > key) {
      keys[j + 1] = keys[j]!;
      rows[j + 1] = rows[j]!;
      j--;
    }
    keys[j + 1] = key;
    rows[j + 1] = row;
  }
}
