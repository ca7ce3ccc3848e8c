/** The stage's relay, killed and started again at somebody's wish. */
import type { Stage } from "../stage/stage.ts";

export class RelaySwitch {
  readonly #stage: Stage;
  #state: "up" | "down" | "starting" = "up";

  /** The relay runs. */
  constructor(stage: Stage) {
    this.#stage = stage;
    this.#watch();
  }

  get state(): "up" | "down" | "starting" {
    return this.#state;
  }

  /** Kills it as a crash would; nothing when it does not run. */
  async kill(): Promise<void> {
    if (this.#state === "up") await this.#stage.relay.kill();
  }

  /** Starts it, and waits until it watches and is linked; nothing when it runs. */
  async start(): Promise<void> {
    if (this.#state !== "down") return;
    this.#state = "starting";
    try {
      await this.#stage.startRelay();
      this.#state = "up";
      this.#watch();
    } catch (error) {
      this.#state = "down";
      throw error;
    }
  }

  #watch(): void {
    void this.#stage.relay.ended.then(() => {
      this.#state = "down";
    });
  }
}
