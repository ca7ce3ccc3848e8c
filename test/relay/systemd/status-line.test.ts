import { expect, it } from "vitest";
import { NOTHING_STANDS, statusFor } from "../../../relay/systemd/status-line.ts";

it.each([
  [NOTHING_STANDS, "Connecting to Teleport; connecting to the edge"],
  [{ watch: null, edge: null }, "Watching Teleport; linked to the edge"],
  [{ watch: null, edge: "It fell\nsilent." }, "Watching Teleport; no link to the edge: It fell silent"],
  [{ watch: "Refused.", edge: undefined }, "Not watching Teleport: Refused; connecting to the edge"],
])("tells %j in one line", (standing, line) => {
  expect(statusFor(standing)).toBe(line);
});
