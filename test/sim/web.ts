/**
 * The web's Request, Response, Headers and abort signals as a simulated world has them: what both halves use of them, and
 * nothing that reads or checks what they never send. Node's own cost more than all that is done with them.
 */

type Init = Readonly<Record<string, string>>;

/** Names in any letter case, each with one value. */
class LightHeaders {
  readonly #values = new Map<string, string>();

  constructor(init: Init = {}) {
    if (init instanceof LightHeaders) throw new Error("headers are copied nowhere that is simulated");
    for (const name of Object.keys(init)) this.set(name, init[name] ?? "");
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), value);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A body that comes in one piece, once. */
class LightBody {
  readonly headers: LightHeaders;
  readonly #bytes: Uint8Array | null;
  #isUsed = false;

  constructor(body: string | Uint8Array | null | undefined, headers: Init | undefined) {
    this.headers = new LightHeaders(headers);
    this.#bytes = typeof body === "string" ? encoder.encode(body) : (body ?? null);
  }

  get body(): object | null {
    if (this.#bytes === null) return null;
    let left: Uint8Array | undefined;
    const getReader = () => {
      left = this.#use();
      return { read, cancel: async () => {} };
    };
    const read = async () => {
      const value = left;
      left = undefined;
      return { done: value === undefined, value };
    };
    return { getReader };
  }

  async text(): Promise<string> {
    return decoder.decode(this.#use());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#use().slice().buffer as ArrayBuffer;
  }

  #use(): Uint8Array {
    if (this.#isUsed) throw new TypeError("the body was read before");
    this.#isUsed = true;
    return this.#bytes ?? new Uint8Array();
  }
}

interface RequestOptions {
  readonly method?: string;
  readonly headers?: Init;
  readonly body?: string | Uint8Array;
  readonly signal?: AbortSignal;
}

class LightRequest extends LightBody {
  readonly url: string;
  readonly method: string;
  readonly signal: AbortSignal | undefined;

  constructor(url: string, { method = "GET", headers, body, signal }: RequestOptions = {}) {
    super(body, headers);
    this.url = url;
    this.method = method;
    this.signal = signal;
  }
}

interface ResponseOptions {
  readonly status?: number;
  readonly headers?: Init;
}

class LightResponse extends LightBody {
  readonly status: number;

  constructor(body: string | Uint8Array | null = null, { status = 200, headers }: ResponseOptions = {}) {
    super(body, headers);
    this.status = status;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  static json(value: unknown, options: ResponseOptions = {}): LightResponse {
    return new LightResponse(JSON.stringify(value), options);
  }
}

class LightSignal {
  aborted = false;
  reason: unknown = undefined;
  readonly #listeners = new Set<() => void>();
  readonly #dependents: LightSignal[] = [];

  static any(signals: readonly LightSignal[]): LightSignal {
    const first = signals.find(({ aborted }) => aborted);
    const any = new LightSignal();
    if (first !== undefined) any.#mark(first.reason);
    else for (const signal of signals) signal.#dependents.push(any);
    return any;
  }

  addEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(reason: unknown): void {
    // What depends on it is aborted too before anybody is told (https://dom.spec.whatwg.org/#abortsignal-signal-abort).
    for (const signal of this.#mark(reason)) {
      const listeners = [...signal.#listeners];
      signal.#listeners.clear();
      for (const listener of listeners) listener();
    }
  }

  /** Marks it and all that depend on it; those that were not yet, in the order in which they are told. */
  #mark(reason: unknown): LightSignal[] {
    if (this.aborted) return [];
    this.aborted = true;
    this.reason = reason;
    return [this, ...this.#dependents.flatMap((dependent) => dependent.#mark(reason))];
  }
}

class LightController {
  readonly signal = new LightSignal();

  abort(reason: unknown = "aborted"): void {
    this.signal.abort(reason);
  }
}

/** Puts all of these in the place of the runtime's own. */
export function useLightWeb(): void {
  Object.assign(globalThis, {
    Headers: LightHeaders,
    Request: LightRequest,
    Response: LightResponse,
    AbortSignal: LightSignal,
    AbortController: LightController,
  });
}
