/**
 * Bodies in and answers out over node:http.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./api-call.ts";

const LARGEST_BODY_BYTES = 2 * 1024 * 1024;

/** Reads a whole body as text; undefined when it is too large or breaks off. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes > LARGEST_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  answer: Answer,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  if (answer.body === undefined) {
    response.writeHead(answer.status, { ...headers, "content-length": "0" }).end();
    return;
  }
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  const length = String(Buffer.byteLength(text));
  response.writeHead(answer.status, { "content-type": "application/json", "content-length": length, ...headers });
  response.end(text);
}
