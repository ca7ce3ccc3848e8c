/**
 * Asks the relays that are connected for their metrics, when somebody scrapes. Nobody is waited for longer than a moment: a
 * relay that hangs, or that is too old to know the question, keeps silent and changes nothing for the others.
 */
import type { EdgeFrame } from "../../shared/edge-frames.ts";
import type { Family } from "../../shared/metrics.ts";
import type { FrameOf, RelayFrame } from "../../shared/protocol.ts";
import type { After } from "../timer.ts";
import { attachmentOf, type RelaySocket } from "./socket.ts";

/** How long relays are waited for, in ms. */
export const ANSWERS_WITHIN_MS = 2_000;

/** What relays have answered, by the instance of each. */
export type Answers = ReadonlyMap<string, readonly Family[]>;

export interface EnquiryOptions {
  readonly randomId: () => string;
  readonly after: After;
}

export class Enquiry {
  readonly #options: EnquiryOptions;
  readonly #open = new Map<string, (instance: string, families: readonly Family[]) => void>();

  constructor(options: EnquiryOptions) {
    this.#options = options;
  }

  /** Asks these relays; resolves with what those say that answer in time. */
  async ask(sockets: readonly RelaySocket[]): Promise<Answers> {
    const { randomId, after } = this.#options;
    const answers = new Map<string, readonly Family[]>();
    if (sockets.length === 0) return answers;
    const frame: FrameOf<EdgeFrame, "report?"> = { type: "report?", question: randomId() };
    await new Promise<void>((resolve) => {
      const cancel = after(ANSWERS_WITHIN_MS, resolve);
      this.#open.set(frame.question, (instance, families) => {
        answers.set(instance, families);
        if (answers.size < sockets.length) return;
        cancel();
        resolve();
      });
      for (const socket of sockets) socket.send(JSON.stringify(frame));
    });
    this.#open.delete(frame.question);
    return answers;
  }

  /** A relay has answered. */
  answered(socket: RelaySocket, { question, families }: FrameOf<RelayFrame, "metrics">): void {
    const read = families.filter((family) => family !== null);
    this.#open.get(question)?.(attachmentOf(socket).greeting?.instance ?? "", read);
  }
}
