/**
 * Virtual time: one queue of events for every machine of a simulated world. Nothing waits for real: an event runs, whatever
 * it set off settles, and time jumps to the next one. It never reads a clock and never uses a timer.
 */

interface Event {
  readonly atMs: number;
  readonly order: number;
  run: (() => void) | null;
}

/** Lets everything settle that waits for nothing but a promise, synchronously. */
function settle(): void {
  // Undocumented, and the only way to drain both queues without going round the event loop for each event.
  (process as unknown as { _tickCallback: () => void })._tickCallback();
}

export class Scheduler {
  /** Milliseconds since the epoch, by the world's clock. */
  nowMs: number;
  #count = 0;
  /** A binary heap, the next event first. */
  readonly #events: Event[] = [];

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  /** Runs something after that many milliseconds; what it returns takes it back. */
  after(ms: number, run: () => void): () => void {
    this.#count += 1;
    const event: Event = { atMs: this.nowMs + Math.max(0, Math.floor(ms)), order: this.#count, run };
    this.#push(event);
    return () => {
      event.run = null;
    };
  }

  /** Runs every event up to a moment, which it then is. Call it from a task of its own, never from within a promise. */
  runUntil(untilMs: number): void {
    settle();
    for (;;) {
      const [next] = this.#events;
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      const { run } = next;
      if (run === null) continue;
      this.nowMs = next.atMs;
      run();
      settle();
    }
    this.nowMs = untilMs;
  }

  #push(event: Event): void {
    const heap = this.#events;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as Event;
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#events;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      if (childAt + 1 < heap.length && isBefore(heap[childAt + 1] as Event, heap[childAt] as Event)) childAt += 1;
      const child = heap[childAt] as Event;
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
