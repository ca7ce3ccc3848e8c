// What a TLS client says first, read without answering (RFC 8446, section 4.1.2; RFC 7301; RFC 6066, section 3).

export interface ClientHello {
  /** Empty when it names none. */
  readonly serverName: string;
  /** In the client's order; empty when it offers none. */
  readonly alpn: readonly string[];
}

const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_RECORD = 22;
const EXTENSION = { serverName: 0, alpn: 16 } as const;

/** The hello at the start of a connection; undefined while it is not whole. Throws when it is none. */
export function parseClientHello(bytes: Buffer): ClientHello | undefined {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE_RECORD) throw new Error("not a TLS client");
  const hello = handshakeIn(bytes);
  if (hello === undefined) return undefined;
  // Type, length, version and random.
  let at = 4 + 2 + 32;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  const extensions = at < hello.length ? extensionsIn(hello.subarray(at + 2)) : new Map<number, Buffer>();
  return {
    serverName: extensions.get(EXTENSION.serverName)?.subarray(5).toString() ?? "",
    alpn: namesIn(extensions.get(EXTENSION.alpn)),
  };
}

/** The first handshake message, put together from as many records as it takes. */
function handshakeIn(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; at + RECORD_HEADER_BYTES <= bytes.length; ) {
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) return undefined;
    parts.push(bytes.subarray(at + RECORD_HEADER_BYTES, end));
    const message = Buffer.concat(parts);
    const length = message.length < 4 ? Number.POSITIVE_INFINITY : 4 + message.readUIntBE(1, 3);
    if (message.length >= length) return message.subarray(0, length);
    at = end;
  }
  return undefined;
}

function extensionsIn(bytes: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    found.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

function namesIn(list: Buffer | undefined): string[] {
  const names: string[] = [];
  for (let at = 2; list !== undefined && at < list.length; at += 1 + list.readUInt8(at)) {
    names.push(list.subarray(at + 1, at + 1 + list.readUInt8(at)).toString());
  }
  return names;
}
