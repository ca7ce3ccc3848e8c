/**
 * The socket on which systemd hears how a service does (sd_notify(3)). Node has no unix datagram sockets, so that libc's
 * are called: no child process is needed, and only the service's own process need be believed (`NotifyAccess=main`).
 */
import * as z from "zod";

/** Sends one message, lines of `NAME=value`; false when it could not be sent. Never throws. */
export type Notify = (message: string) => boolean;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
/** linux/net.h, on x64 and arm64. */
const SOCK_CLOEXEC = 0o2000000;
/** Neither wait for a reader that is busy, nor die of one that is gone. */
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000;
/** The longest path of an address (unix(7)). */
const MAX_PATH_BYTES = 107;

/** The part of `node:ffi` that is used; its own types are not published yet. */
const ffiSchema = z.object({
  dlopen: z.custom<(library: string, signatures: object) => { functions: Readonly<Record<string, CFunction>> }>(
    (value) => typeof value === "function",
  ),
});
type CFunction = (...args: readonly (number | bigint | Buffer)[]) => number | bigint;

/**
 * Opens the socket of NOTIFY_SOCKET: a path, or `@name` in the abstract namespace.
 * @throws Error with one sentence when this Node or this machine cannot.
 */
export async function openNotifySocket(address: string): Promise<Notify> {
  const socketAddress = addressFor(address);
  const { socket, sendto } = await socketCalls();
  const descriptor = Number(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (descriptor < 0) throw new Error("systemd cannot be told of the service: there is no socket for it.");
  return (message) => {
    const bytes = Buffer.from(message);
    const to = [socketAddress, socketAddress.length] as const;
    return Number(sendto(descriptor, bytes, BigInt(bytes.length), MSG_DONTWAIT_NOSIGNAL, ...to)) === bytes.length;
  };
}

async function socketCalls(): Promise<{ socket: CFunction; sendto: CFunction }> {
  try {
    const name = "node:ffi";
    const { dlopen } = ffiSchema.parse(await import(name));
    const { functions } = dlopen("libc.so.6", {
      socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
      sendto: { arguments: ["i32", "buffer", "u64", "i32", "buffer", "u32"], return: "i64" },
    });
    const { socket, sendto } = functions;
    if (socket !== undefined && sendto !== undefined) return { socket, sendto };
    throw new Error("libc has no sockets");
  } catch (error) {
    throw new Error(
      "systemd cannot be told of the service by this Node: run the single executable, or a unit with Type=exec.",
      { cause: error },
    );
  }
}

// sockaddr_un: the family in this machine's byte order, which is little-endian on both; then the path.
function addressFor(address: string): Buffer {
  const isAbstract = address.startsWith("@");
  const path = Buffer.from(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (!/^[/@]/.test(address) || path.length > MAX_PATH_BYTES) {
    throw new Error("NOTIFY_SOCKET is not the address of a socket that systemd would make.");
  }
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, path]);
}
