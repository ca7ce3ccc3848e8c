/**
 * What one socket sends on its way to another: bytes in their order, then an end or a reset. A sender that was reset takes
 * what had not yet been passed on with it, as its kernel stops sending again.
 */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Clock } from "../../../relay/time/clock.ts";
import type { Conduct } from "./conduit.ts";

type Parcel =
  | { readonly what: "bytes"; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly what: "end" | "reset" };

/** A sender is read no further while so much of it is under way, in bytes. */
const MOST_UNDER_WAY_BYTES = 256 * 1024;

/** Slow streams pass so many bytes at a time. */
const SIP_BYTES = 1024;

export class Stream {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #clock: Clock;
  #conduct: Conduct = { kind: "pass" };
  /** Whether anything has been lost: then nothing can follow. */
  #isDead = false;
  #isReset = false;
  #parcels: Parcel[] = [];
  #underWayBytes = 0;
  #isPassing = false;
  #changed = new AbortController();

  constructor(from: Socket, to: Socket, clock: Clock) {
    this.#from = from;
    this.#to = to;
    this.#clock = clock;
    from.on("data", (bytes) => this.#take(Buffer.from(bytes)));
    from.on("end", () => this.#queue({ what: "end" }));
    // Its close follows.
    from.on("error", () => {});
    from.on("close", () => this.#closed());
  }

  conduct(conduct: Conduct): void {
    this.#conduct = conduct;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  #take(bytes: Buffer): void {
    const delayMs = this.#conduct.kind === "slow" ? this.#conduct.delayMs : 0;
    this.#underWayBytes += bytes.length;
    this.#queue({ what: "bytes", bytes, dueMs: this.#clock.now() + delayMs });
    if (this.#underWayBytes > MOST_UNDER_WAY_BYTES) this.#from.pause();
  }

  #closed(): void {
    if (this.#from.readableEnded) return;
    this.#isReset = true;
    this.#parcels = [];
    this.#queue({ what: "reset" });
  }

  #queue(parcel: Parcel): void {
    if (this.#conduct.kind === "swallow") this.#isDead = true;
    this.#parcels.push(parcel);
    if (!this.#isPassing) void this.#passAll();
  }

  async #passAll(): Promise<void> {
    this.#isPassing = true;
    for (let next = this.#parcels.shift(); next !== undefined; next = this.#parcels.shift()) {
      if (next.what === "bytes") await this.#passBytes(next);
      else await this.#held();
      if (this.#isDead) continue;
      if (next.what === "end") this.#to.end();
      if (next.what === "reset") this.#to.resetAndDestroy();
    }
    this.#isPassing = false;
  }

  async #passBytes({ bytes, dueMs }: Extract<Parcel, { what: "bytes" }>): Promise<void> {
    for (let passed = 0; passed < bytes.length; ) {
      await this.#held();
      await this.#until(dueMs);
      if (this.#isReset) return;
      const part = this.#conduct.kind === "slow" ? bytes.subarray(passed, passed + SIP_BYTES) : bytes.subarray(passed);
      if (this.#conduct.kind === "slow") {
        await this.#until(this.#clock.now() + (part.length / this.#conduct.bytesPerSecond) * 1000);
      }
      await this.#write(part);
      passed += part.length;
    }
    this.#underWayBytes -= bytes.length;
    if (this.#underWayBytes <= MOST_UNDER_WAY_BYTES) this.#from.resume();
  }

  async #held(): Promise<void> {
    while (this.#conduct.kind === "hold") await aborted(this.#changed.signal);
  }

  // A change of conduct ends the waiting: whatever was slow is not any longer.
  async #until(atMs: number): Promise<void> {
    const waitMs = atMs - this.#clock.now();
    if (waitMs > 0) await this.#clock.sleep(waitMs, this.#changed.signal);
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#isDead || this.#to.destroyed || this.#to.writableEnded || this.#to.write(bytes)) return;
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    this.#to.once("close", leave);
    await once(this.#to, "drain", { signal: gone.signal }).catch(() => undefined);
    this.#to.off("close", leave);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
