import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNotifySocket } from "../../../relay/systemd/notify-socket.ts";
import { NotifyReceiver } from "../../fakes/notify-receiver.ts";

const folder = mkdtempSync(join(tmpdir(), "notify-"));

it("sends what it is told as one datagram, characters beyond ASCII too", async () => {
  const receiver = await NotifyReceiver.open(join(folder, "notify"));
  const notify = await openNotifySocket(receiver.address);
  expect(notify("READY=1\nSTATUS=Zürich – ready")).toBe(true);
  expect(await receiver.message(/READY/)).toBe("READY=1\nSTATUS=Zürich – ready");
  receiver.close();
});

it("goes on when nobody listens any more", async () => {
  const receiver = await NotifyReceiver.open(join(folder, "gone"));
  const notify = await openNotifySocket(receiver.address);
  receiver.close();
  expect(notify("WATCHDOG=1")).toBe(false);
});

it.each(["", "notify", "vsock:2:1234", `/${"x".repeat(120)}`])(
  "refuses the address %j with a sentence",
  async (address) => {
    await expect(openNotifySocket(address)).rejects.toThrow("NOTIFY_SOCKET is not the address of a socket");
  },
);
