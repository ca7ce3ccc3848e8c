/**
 * Requests a minute for each credential, in windows of a minute that the first request opens.
 * Pure but for the counts it keeps; time comes in as an argument.
 */

const WINDOW_MS = 60_000;

/** The limit; it may be changed while it runs. */
export type RateLimitOptions = {
  /** PagerDuty documents 960 for each account key. Null lifts the limit. */
  readonly perMinute: number | null;
  /** Leaves the `ratelimit-*` headers out, as PagerDuty may. */
  readonly omitHeaders: boolean;
};

/** What a request is told: whether it passes, and the headers of its answer. */
export type RateVerdict = { readonly allowed: boolean; readonly headers: Readonly<Record<string, string>> };

const UNLIMITED: RateVerdict = { allowed: true, headers: {} };

/** The counts of all credentials. */
export class RateLimit {
  options: RateLimitOptions;
  readonly #windows = new Map<string, { endsMs: number; used: number }>();

  constructor(options: RateLimitOptions) {
    this.options = options;
  }

  /** Counts one request of a bucket. A refused request does not count. */
  take(bucket: string, nowMs: number): RateVerdict {
    const { perMinute, omitHeaders } = this.options;
    if (perMinute === null) return UNLIMITED;
    let window = this.#windows.get(bucket);
    if (window === undefined || window.endsMs <= nowMs) {
      window = { endsMs: nowMs + WINDOW_MS, used: 0 };
      this.#windows.set(bucket, window);
    }
    const allowed = window.used < perMinute;
    if (allowed) window.used += 1;
    if (omitHeaders) return { allowed, headers: {} };
    const headers = {
      "ratelimit-limit": String(perMinute),
      "ratelimit-remaining": String(Math.max(0, perMinute - window.used)),
      "ratelimit-reset": String(Math.max(1, Math.ceil((window.endsMs - nowMs) / 1000))),
    };
    return { allowed, headers };
  }
}
