import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { checkPermissions, type PermissionOptions } from "../../../../relay/commands/check/permissions.ts";
import type { CheckResult } from "../../../../relay/commands/check/result.ts";
import { roleFor } from "../../../../relay/commands/check/role.ts";
import { readIdentity } from "../../../../relay/identity.ts";
import { Teleport } from "../../../../relay/teleport.ts";
import type { FakeTeleportOptions } from "../../../fakes/teleport/options.ts";
import type { TeleportVersion } from "../../../fakes/teleport/versions.ts";
import { FakeTeleport } from "../../../fakes/teleport.ts";
import { collected } from "./collected.ts";

const NO_REQUEST = "11111111-2222-4333-8444-555555555555";
const closing: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Setting {
  readonly fake: FakeTeleport;
  readonly check: (change?: Partial<PermissionOptions>) => Promise<CheckResult[]>;
}

/** A Teleport of a release, and one of us with these rights in it. */
async function setUp(
  version: TeleportVersion,
  grants?: Readonly<Record<string, readonly string[]>>,
  change: FakeTeleportOptions = {},
): Promise<Setting> {
  const fake = await FakeTeleport.start({ version, ...change });
  closing.push(() => fake.close());
  if (grants !== undefined) fake.addUser("access-plugin", { grants });
  const paths = await fake.writeIdentityFiles(mkdtempSync(join(tmpdir(), "relay-permissions-")));
  const files = { certificateFile: paths.certificate, keyFile: paths.key, authoritiesFile: paths.cas };
  const identity = await readIdentity({ kind: "files", ...files }, Date.now());
  const teleport = new Teleport({ way: { kind: "direct", address: fake.address }, identity, now: Date.now });
  closing.push(() => teleport.close());
  const server = await teleport.ping();
  const options = { teleport, version: server.version, decideBy: "state", noRequest: NO_REQUEST } as const;
  return { fake, check: (change) => collected(checkPermissions({ ...options, ...change })) };
}

const failures = (results: readonly CheckResult[]): string[] => results.filter(({ ok }) => !ok).map(({ name }) => name);
const find = (results: readonly CheckResult[], name: string): CheckResult | undefined =>
  results.find((result) => result.name === name);

const VERSIONS: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0", "18"];
const READ = ["list", "read"];

describe.each(VERSIONS)("permissions in Teleport %s", (version) => {
  it("are all there with the role that the check prints, and nothing is changed by trying", async () => {
    const grants = { access_request: [...READ, "update"], access_plugin_data: ["update"] };
    const { fake, check } = await setUp(version, grants);
    const results = await check();
    expect(failures(results)).toEqual([]);
    // Only there an empty list is the answer to somebody who may list.
    const isCertain = find(results, "access_request: list")?.detail === "Granted: 0 pending.";
    expect(isCertain).toBe(version === "4.2.8");
    expect([fake.requests(), fake.pluginData(NO_REQUEST)]).toEqual([[], {}]);
  });

  it("are missed one by one, with the role that has them", async () => {
    const { fake, check } = await setUp(version, {});
    const results = await check();
    expect(failures(results)).toEqual([
      "access_request: read",
      "access_request: list",
      "access_request: update",
      "access_plugin_data: read",
      "access_plugin_data: update",
    ]);
    const serverVersion = (await fake.waitForCall("ping")).code === status.OK ? versionOf(version) : "";
    for (const { ok, role } of results.filter((each) => !each.ok)) {
      expect([ok, role]).toEqual([false, roleFor({ version: serverVersion, decideBy: "state" })]);
    }
  });

  it("are read-only with Teleport's own preset: the update is missed", async () => {
    const { check } = await setUp(version, { access_request: READ, access_plugin_data: [...READ, "update"] });
    // Before 6.1 writing plugin data takes the same right.
    const data = version === "4.2.8" ? ["access_plugin_data: update"] : [];
    expect(failures(await check())).toEqual(["access_request: update", ...data]);
  });
});

describe("permissions in Teleport", () => {
  it("says that an empty list proves nothing, and what one with a request proves", async () => {
    const { fake, check } = await setUp("7.0");
    expect(find(await check(), "access_request: list")?.detail).toContain("to a role without this right too");
    fake.createRequest();
    expect(find(await check(), "access_request: list")?.detail).toBe("Granted: 1 pending.");
  });

  it("asks for Machine ID, and for no role, where a second factor is missing", async () => {
    const { fake, check } = await setUp("18");
    fake.failNext(
      "setAccessRequestState",
      status.PERMISSION_DENIED,
      "admin-level API request requires MFA verification",
    );
    const update = find(await check(), "access_request: update");
    expect(update).toMatchObject({ ok: false, detail: expect.stringContaining("Machine ID") });
    expect(update).not.toHaveProperty("role");
  });

  it("says that a watch does not come to stand", async () => {
    const { fake, check } = await setUp("7.0");
    fake.hang("watchEvents");
    expect(find(await check({ watchWithinMs: 50 }), "access_request: read")).toMatchObject({
      ok: false,
      detail: expect.stringContaining("did not confirm a watch within 0.05 s"),
    });
  });

  it("fails when a server takes what names nothing", async () => {
    const { fake, check } = await setUp("7.0");
    fake.createRequest({ id: NO_REQUEST });
    expect(failures(await check())).toEqual(["access_request: update", "access_plugin_data: update"]);
  });

  it.each([
    ["without the right", false, ["review_requests"]],
    ["with it", true, []],
  ])("tries a review %s when reviews decide", async (_, reviews, expected) => {
    const { fake, check } = await setUp("7.0", undefined, { enterprise: true });
    fake.addUser("access-plugin", { reviews });
    const results = await check({ decideBy: "review" });
    expect(failures(results)).toEqual(expected);
    expect(find(results, "access_request: update")).toBeUndefined();
    const role = reviews ? undefined : roleFor({ version: "7.0.0-beta.1", decideBy: "review" });
    expect(find(results, "review_requests")?.role).toBe(role);
  });

  it("says what cannot be tried of reviews for others, and which release cannot do them", async () => {
    const { fake, check } = await setUp("18", undefined, { enterprise: true });
    fake.addUser("access-plugin", { reviews: true });
    const results = await check({ decideBy: "review_on_behalf", version: "18.11.0" });
    expect(find(results, "review_requests")).toMatchObject({
      ok: true,
      detail: expect.stringContaining("cannot be tried"),
    });
    expect(failures(await check({ decideBy: "review_on_behalf" }))).toEqual(["teleport.decide_by"]);
  });

  it("says what optional rights would bring, and fails for none of them", async () => {
    const { check } = await setUp("18", { access_request: [...READ, "update"], access_plugin_data: ["update"] });
    const results = await check();
    expect(failures(results)).toEqual([]);
    const optional = results.filter(({ name }) => name.startsWith("optional: ")).map(({ detail }) => detail);
    expect(optional).toEqual([
      expect.stringMatching(
        /^Not granted.*add the rule \{resources: \[access_monitoring_rule\], verbs: \[list, read\]\}\.$/,
      ),
      expect.stringMatching(/^Not granted.*add the rule \{resources: \[user\], verbs: \[read\]\}\.$/),
    ]);
  });
});

function versionOf(version: TeleportVersion): string {
  return { "4.2.8": "4.2.8", "6.2": "6.2.0", "7.0": "7.0.0-beta.1", "18": "18.0.0" }[version];
}
