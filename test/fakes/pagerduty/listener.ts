/**
 * A server on loopback that can go down and come back on the same port.
 */
import { createServer, type RequestListener, type Server } from "node:http";

/** An HTTP server with a port to return to. */
export class Listener {
  readonly #server: Server;
  #port: number;

  constructor(port: number, handle: RequestListener) {
    this.#port = port;
    this.#server = createServer(handle);
    this.#server.keepAliveTimeout = 60_000;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens, on the same port as before. */
  async up(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const address = this.#server.address();
    if (typeof address === "object" && address !== null) this.#port = address.port;
  }

  /** Cuts every connection and refuses new ones. */
  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
