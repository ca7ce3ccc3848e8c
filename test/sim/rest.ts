/** The way to the simulated PagerDuty's REST API and back: what is lost, slow, refused for its rate, or never answered. */
import type { Dice } from "../chaos/dice.ts";
import type { Life } from "./machine.ts";
import type { Answer } from "./pagerduty/views.ts";
import type { SimulatedPagerDuty } from "./pagerduty.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Weather } from "./weather.ts";

export interface RestOptions {
  readonly pagerDuty: SimulatedPagerDuty;
  readonly weather: Weather;
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  /** How likely it is that PagerDuty fails at a call. */
  readonly failure: number;
  /** Calls a minute that are taken. */
  readonly callsPerMinute: number;
}

/** How long what a process has sent may be on its way after its end, in ms. */
const SENT_WITHIN_MS = 100;

/** The account's REST API, which outlives whoever calls it. */
export class Rest {
  /** Until when every call is refused for its rate, fails, or has its key refused; ms since the epoch. */
  limitedUntilMs = 0;
  downUntilMs = 0;
  refusedUntilMs = 0;
  /** The current minute, and the calls in it. */
  #minute = 0;
  #calls = 0;
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** `fetch` for one life of the edge. */
  fetchFor(life: Life): (request: Request) => Promise<Response> {
    return async (request) => {
      const { method, url, signal } = request;
      const body = request.body === null ? undefined : JSON.parse(await request.text());
      return this.#fetch({ method, url: new URL(url), body, signal }, life);
    };
  }

  #fetch(call: { method: string; url: URL; body: unknown; signal: AbortSignal }, life: Life): Promise<Response> {
    const { scheduler, weather, dice } = this.#options;
    const { arrivesMs, answersMs } = weather.call("edge", "pagerduty");
    return new Promise((resolve, reject) => {
      const whileAlive = (run: () => void) => (): void => {
        if (!life.isOver) run();
      };
      call.signal.addEventListener(
        "abort",
        whileAlive(() => reject(call.signal.reason)),
        { once: true },
      );
      const isTold = dice.chance(0.6);
      const lost = whileAlive(() => reject(new TypeError("the network lost it")));
      if (arrivesMs === null) {
        if (isTold) scheduler.after(dice.between(1, 3_000), lost);
        return;
      }
      scheduler.after(arrivesMs, () => {
        // With its process its connections are gone, and what had not gone out yet.
        if (life.isOver && arrivesMs > SENT_WITHIN_MS) return;
        const { answer, headers } = this.#answer(call);
        if (answersMs !== null)
          scheduler.after(
            answersMs,
            whileAlive(() => resolve(Response.json(answer.body, { status: answer.status, headers }))),
          );
        else if (isTold) scheduler.after(dice.between(1, 3_000), lost);
      });
    });
  }

  #answer(call: { method: string; url: URL; body: unknown }): { answer: Answer; headers: Record<string, string> } {
    const { pagerDuty, scheduler, weather, dice, failure, callsPerMinute } = this.#options;
    const minute = Math.floor(scheduler.nowMs / 60_000);
    this.#calls = minute === this.#minute ? this.#calls + 1 : 1;
    this.#minute = minute;
    const isLimited = this.#calls > callsPerMinute || scheduler.nowMs < this.limitedUntilMs;
    const resetMs = Math.max((minute + 1) * 60_000, this.limitedUntilMs) - scheduler.nowMs;
    const headers = {
      "ratelimit-limit": String(callsPerMinute),
      "ratelimit-remaining": String(Math.max(0, callsPerMinute - this.#calls)),
      "ratelimit-reset": String(Math.ceil(resetMs / 1000)),
    };
    const none = {};
    if (isLimited) return { answer: RATE_LIMITED, headers: dice.chance(0.5) ? headers : none };
    const down = scheduler.nowMs < this.downUntilMs || (!weather.isCalm && dice.chance(failure / 4));
    if (down) return { answer: BROKEN, headers: none };
    if (scheduler.nowMs < this.refusedUntilMs) return { answer: REFUSED, headers: none };
    const answer = pagerDuty.answer(call.method, call.url.pathname, call.url.searchParams, call.body);
    // It had its effect, and says otherwise.
    if (!weather.isCalm && dice.chance(failure / 4)) return { answer: BROKEN, headers: none };
    return { answer, headers };
  }
}

const RATE_LIMITED: Answer = { status: 429, body: { error: { message: "Rate Limit Exceeded", code: 2020 } } };
const BROKEN: Answer = { status: 500, body: { error: { message: "Internal Server Error" } } };
const REFUSED: Answer = { status: 401, body: { error: { message: "Unauthorized", code: 2006 } } };
