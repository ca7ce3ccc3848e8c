/**
 * Faults that a test asks for: answers that fail, are lost after the effect, or never come.
 * A pattern is `METHOD /path`, where `*` stands for one segment, `**` for any rest, and a `*` as method for any.
 */

/** What happens to one request instead of, or after, its effect. */
export type Fault =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body: unknown;
      readonly headers: Record<string, string>;
    }
  /** The connection is cut; `afterEffect` says whether the effect happened. */
  | { readonly kind: "cut"; readonly afterEffect: boolean }
  | { readonly kind: "hang"; readonly until: Promise<void>; readonly afterEffect: boolean };

/** How a fault shows itself, and how often. */
export type FailOptions = {
  readonly headers?: Record<string, string>;
  readonly times?: number;
  /** The effect happens and the answer is lost; status and body then do not matter. */
  readonly afterEffect?: boolean;
};

type Armed = { readonly pattern: string; readonly matches: (request: string) => boolean; fault: Fault; left: number };

/** A pattern as a test of `METHOD /path`. */
export function matcherFor(pattern: string): (request: string) => boolean {
  const source = pattern
    .replace(/^\*(?= )/, "\u0001")
    .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("**", "\u0002")
    .replaceAll("*", "[^/]+")
    .replaceAll("\u0001", "[A-Z]+")
    .replaceAll("\u0002", ".*");
  const expression = new RegExp(`^${source}$`);
  return (request) => expression.test(request);
}

/** The faults that are armed, oldest first. */
export class Faults {
  #armed: Armed[] = [];
  readonly #releases = new Map<Armed, () => void>();

  /** The next matching requests, one unless `times` says more, get this status; `"cut"` destroys their socket. */
  failNext(pattern: string, status: number | "cut", body: unknown, options: FailOptions = {}): void {
    const { headers = {}, times = 1, afterEffect = false } = options;
    const fault: Fault =
      afterEffect || status === "cut"
        ? { kind: "cut", afterEffect }
        : { kind: "answer", status, body: body ?? { error: { message: "Fault", code: status } }, headers };
    this.#armed.push({ pattern, matches: matcherFor(pattern), fault, left: times });
  }

  /** Matching requests wait, before their effect or after it, until `release`. */
  hang(pattern: string, options: { readonly afterEffect?: boolean } = {}): void {
    let release: () => void = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fault: Fault = { kind: "hang", until, afterEffect: options.afterEffect ?? false };
    const armed = { pattern, matches: matcherFor(pattern), fault, left: Number.POSITIVE_INFINITY };
    this.#armed.push(armed);
    this.#releases.set(armed, release);
  }

  /** Lets go of what hangs under a pattern, or of everything. */
  release(pattern?: string): void {
    for (const [armed, release] of this.#releases) {
      if (pattern !== undefined && armed.pattern !== pattern) continue;
      this.#armed = this.#armed.filter((other) => other !== armed);
      this.#releases.delete(armed);
      release();
    }
  }

  /** Forgets every fault and lets go of what hangs. */
  clear(): void {
    this.release();
    this.#armed = [];
  }

  /** The fault for a request, used up by being taken. */
  take(method: string, path: string): Fault | undefined {
    if (this.#armed.length === 0) return undefined;
    const armed = this.#armed.find((candidate) => candidate.matches(`${method} ${path}`));
    if (armed === undefined) return undefined;
    armed.left -= 1;
    if (armed.left <= 0) this.#armed = this.#armed.filter((other) => other !== armed);
    return armed.fault;
  }
}
