/** What a link tells the rest of the relay. */
import type { EdgeFrame, Welcome } from "../../shared/edge-frames.ts";
import type { Family } from "../../shared/metrics.ts";
import type { FrameOf } from "../../shared/protocol.ts";

/** What the edge has of an open request: the digest that it paged, and how many of its reviews have been told. */
export interface OpenAtEdge {
  readonly digest: string;
  readonly reviews: number;
}

/** All parts of a `welcome`, put together. */
export interface WholeWelcome extends Pick<Welcome, "session" | "epoch" | "role"> {
  /** Requests open at the edge, by id. */
  readonly open: ReadonlyMap<string, OpenAtEdge>;
}

/** Called in the order of the frames, synchronously; each hands the work over and returns. */
export interface SessionHandlers {
  /** The session has begun: `send` works from here on. */
  welcome(welcome: WholeWelcome): void;
  bind(frame: FrameOf<EdgeFrame, "bind">): void;
  decide(frame: FrameOf<EdgeFrame, "decide">): void;
  autoApprove(frame: FrameOf<EdgeFrame, "auto_approve">): void;
  promote(frame: FrameOf<EdgeFrame, "promote">): void;
  health(frame: FrameOf<EdgeFrame, "health">): void;
  /** Somebody scrapes: what is measured, at this moment. */
  measured(): readonly Family[];
}

export interface LinkHandlers extends SessionHandlers {
  /** A session that was welcomed has ended; a sentence says why. The link goes on trying. */
  lost(problem: string): void;
}
