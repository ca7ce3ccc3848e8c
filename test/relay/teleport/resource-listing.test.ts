import { describe, expect, it } from "vitest";
import { startTeleport } from "./start.ts";

const WITHIN_MS = 5_000;

describe("the friendly names of resources", () => {
  it("are a node's host name, and of others the label or description that says it", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    const labels = { "teleport.internal/okta-group-name": "Admins" };
    fake.addResource({ type: "node", name: "node-1", hostname: "web-1" });
    fake.addResource({ type: "node", name: "node-2", hostname: "web-2" });
    fake.addResource({ type: "node", name: "nameless" });
    fake.addResource({ type: "user_group", name: "group-1", labels, description: "All who may" });
    fake.addResource({ type: "app_server", name: "app-1", description: "Payroll" });
    fake.addResource({ type: "app_server", name: "app-2", description: "x".repeat(101) });
    const ask = (kind: string, ...names: string[]) => teleport.resourceNames(kind, names, WITHIN_MS);
    expect(await ask("node", "node-1", "node-1", "nameless", "gone")).toEqual(new Map([["node-1", "web-1"]]));
    expect(await ask("user_group", "group-1")).toEqual(new Map([["group-1", "Admins"]]));
    expect(await ask("app", "app-1", "app-2")).toEqual(new Map([["app-1", "Payroll"]]));
  });

  it("are looked up in parts and through all pages", async () => {
    const { fake, teleport } = await startTeleport({ version: "18", listLimit: 60 });
    const names = Array.from({ length: 150 }, (_, index) => `node-${index}`);
    for (const name of names) fake.addResource({ type: "node", name, hostname: `host of ${name}` });
    expect((await teleport.resourceNames("node", names, WITHIN_MS)).size).toBe(150);
    expect(fake.calls.map(({ rpc }) => rpc)).toEqual(Array(3).fill("listResources"));
  });

  it.each(['" || true || resource.metadata.name == "', "a b", "", 'x"', "x\\", "x\n", "x".repeat(256)])(
    "are not asked for of a name that a predicate could not hold: %j",
    async (name) => {
      const { fake, teleport } = await startTeleport({ version: "18" });
      fake.addResource({ type: "node", name: "secret", hostname: "secret" });
      expect(await teleport.resourceNames("node", [name], WITHIN_MS)).toEqual(new Map());
      expect(fake.calls).toEqual([]);
    },
  );

  it("are not asked for of kinds whose names are their own", async () => {
    const { fake, teleport } = await startTeleport({ version: "18" });
    for (const kind of ["db", "kube_cluster", "constructor"]) {
      expect(await teleport.resourceNames(kind, ["a"], WITHIN_MS)).toEqual(new Map());
    }
    expect(fake.calls).toEqual([]);
  });

  it.each([
    ["7.0", "unimplemented"],
    ["18", "permission_denied"],
  ] as const)("are refused where %s does not give them: %s", async (version, code) => {
    const { fake, teleport } = await startTeleport({ version });
    fake.addUser("access-plugin", { grants: {} });
    await expect(teleport.resourceNames("node", ["a"], WITHIN_MS)).rejects.toMatchObject({ code });
  });
});
