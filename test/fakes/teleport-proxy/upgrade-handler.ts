// The Proxy's `GET /webapi/connectionupgrade`: hands over what is then carried. WebSocket from 14 on, bare bytes since 10.3.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { createWebSocketStream, WebSocketServer } from "ws";

/** Answers an upgrade; refuses what is not in `taken` as the real Proxy refuses what it does not know. */
export function handleUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  taken: readonly string[],
  carry: (protocol: string, stream: Duplex) => void,
): void {
  const protocol = request.headers.upgrade?.toLowerCase() ?? "";
  if (request.url !== "/webapi/connectionupgrade") refuse(socket, "404 Not Found");
  else if (!taken.includes(protocol)) refuse(socket, "400 Bad Request");
  else if (protocol === "alpn") {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: alpn\r\nConnection: Upgrade\r\n\r\n");
    carry(protocol, socket);
  } else {
    const server = new WebSocketServer({ noServer: true, handleProtocols: (offered) => offered.has("alpn") && "alpn" });
    server.handleUpgrade(request, socket, Buffer.alloc(0), (webSocket) =>
      carry(protocol, createWebSocketStream(webSocket)),
    );
  }
}

function refuse(socket: Duplex, status: string): void {
  const body = JSON.stringify({ error: { message: status } });
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}
