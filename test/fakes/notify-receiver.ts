/**
 * A service manager's end of sd_notify(3): a unix datagram socket that keeps what it is told. Node has none, so that libc's
 * is called, as the relay does.
 */
import { rmSync } from "node:fs";
import * as z from "zod";

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_DONTWAIT = 0x40;

/** How often the socket is looked at, in ms. */
const LOOK_EVERY_MS = 10;

type CFunction = (...args: readonly (number | bigint | Buffer)[]) => number | bigint;

const ffiSchema = z.object({
  dlopen: z.custom<(library: string, signatures: object) => { functions: Record<string, CFunction> }>(
    (value) => typeof value === "function",
  ),
});

export class NotifyReceiver {
  /** What systemd would hand to the service as NOTIFY_SOCKET. */
  readonly address: string;
  /** Every message, in order. */
  readonly messages: string[] = [];
  /** Undefined once it is closed: another file may have its number by then. */
  #close: (() => void) | undefined;
  readonly #waiting = new Set<() => void>();

  private constructor(address: string, receive: () => string | undefined, close: () => void) {
    this.address = address;
    const look = setInterval(() => {
      for (let message = receive(); message !== undefined; message = receive()) {
        this.messages.push(message);
        for (const woken of [...this.#waiting]) woken();
      }
    }, LOOK_EVERY_MS);
    this.#close = () => {
      clearInterval(look);
      close();
    };
  }

  /** Opens the socket at a path. */
  static async open(path: string): Promise<NotifyReceiver> {
    const name = "node:ffi";
    const { functions } = ffiSchema.parse(await import(name)).dlopen("libc.so.6", {
      socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
      bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
      recv: { arguments: ["i32", "buffer", "u64", "i32"], return: "i64" },
      close: { arguments: ["i32"], return: "i32" },
    });
    const { socket, bind, recv, close } = functions;
    if (!socket || !bind || !recv || !close) throw new Error("libc has no sockets");
    const descriptor = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
    const address = Buffer.from(`\u0001\0${path}\0`);
    if (Number(bind(descriptor, address, address.length)) !== 0) throw new Error(`${path} cannot be bound`);
    const buffer = Buffer.alloc(8192);
    const receive = (): string | undefined => {
      const bytes = Number(recv(descriptor, buffer, BigInt(buffer.length), MSG_DONTWAIT));
      return bytes < 0 ? undefined : buffer.toString("utf8", 0, bytes);
    };
    return new NotifyReceiver(path, receive, () => {
      close(descriptor);
      rmSync(path, { force: true });
    });
  }

  /** The first message that matches, once it has come. */
  async message(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.messages.find((message) => pattern.test(message));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const woken = (): void => {
          this.#waiting.delete(woken);
          resolve();
        };
        this.#waiting.add(woken);
      });
    }
  }

  close(): void {
    this.#close?.();
    this.#close = undefined;
  }
}
