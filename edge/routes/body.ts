/** Reading a body into memory of known size. */

/**
 * The bytes of a request's body as {@link readAtMost} has them. The runtime takes a body by the length that its headers
 * announce, and shows none where it comes in chunks, whatever was sent (RFC 9112 section 6.3): so a body that is announced
 * small is small, and is read in one go, which is faster.
 */
export async function readBody(
  request: Pick<Request, "headers" | "body" | "arrayBuffer">,
  limit: number,
  discardBytes = 0,
): Promise<Uint8Array | undefined> {
  const announced = request.headers.get("Content-Length") ?? "";
  const isSmall = /^\d+$/.test(announced) && Number(announced) <= limit;
  if (!isSmall) return readAtMost(request.body, limit, discardBytes);
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length > limit ? undefined : bytes;
}

/**
 * The bytes of a body, exactly as received, or undefined once more than `limit` have come. Of a body that is too large up
 * to `discardBytes` more are read and thrown away, because a sender that is still writing when the connection closes would
 * not see its answer.
 */
export async function readAtMost(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
  discardBytes = 0,
): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks, size);
    size += value.byteLength;
    if (size > limit) {
      await discard(reader, discardBytes);
      return undefined;
    }
    chunks.push(value);
  }
}

async function discard(reader: ReadableStreamDefaultReader<Uint8Array>, bytes: number): Promise<void> {
  let left = bytes;
  while (left > 0) {
    const { done, value } = await reader.read();
    if (done) return;
    left -= value.byteLength;
  }
  await reader.cancel();
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
