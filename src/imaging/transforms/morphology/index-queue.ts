/** First in, first out, of whole numbers; grows by doubling. */
export interface IndexQueue {
  ring: Int32Array;
  head: number;
  count: number;
}

export const indexQueue = (room = 1024): IndexQueue => ({
  ring: new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, room)))),
  head: 0,
  count: 0,
});

export function enqueue(queue: IndexQueue, index: number): void {
  if (queue.count === queue.ring.length) grow(queue);
  queue.ring[(queue.head + queue.count) & (queue.ring.length - 1)] = index;
  queue.count++;
}

/** Only where count is above 0. */
export function dequeue(queue: IndexQueue): number {
  const index = queue.ring[queue.head]!;
  queue.head = (queue.head + 1) & (queue.ring.length - 1);
  queue.count--;
  return index;
}

function grow(queue: IndexQueue): void {
  const { ring, head } = queue;
  const longer = new Int32Array(2 * ring.length);
  longer.set(ring.subarray(head));
  longer.set(ring.subarray(0, head), ring.length - head);
  queue.ring = longer;
  queue.head = 0;
}
