import { describe, expect, it } from "vitest";
import { TRAITS_LIFE_MS, UserTraits } from "../../../relay/inventory/user-traits.ts";
import { TeleportError, type TeleportErrorCode } from "../../../relay/teleport/error.ts";
import type { Traits } from "../../../relay/teleport/port.ts";
import { createLogger } from "../../../shared/log.ts";
import { ManualClock } from "../../fakes/clock.ts";

const errorOf = (code: TeleportErrorCode): TeleportError =>
  new TeleportError({ code, problem: `It is ${code}.`, mend: "Mend it." });

function reading(answer: (user: string) => Traits | undefined) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const asked: string[] = [];
  const userTraits = async (user: string): Promise<Traits | undefined> => {
    asked.push(user);
    return answer(user);
  };
  const log = createLogger({ severity: "info", format: "text", now: () => 0, write: (line) => lines.push(line) });
  return { clock, lines, asked, traits: new UserTraits({ teleport: { userTraits }, now: clock.now, log }) };
}

describe("a user's traits", () => {
  it("are read once, also for many who ask at once, and believed for a while", async () => {
    const { traits, asked, clock } = reading(() => ({ level: ["L1"] }));
    expect(traits.known("alice")).toBeUndefined();
    await Promise.all([traits.read("alice"), traits.read("alice"), traits.emailsOf("alice")]);
    expect([await traits.read("alice"), traits.known("alice")]).toEqual([{ level: ["L1"] }, { level: ["L1"] }]);
    expect(asked).toEqual(["alice"]);
    await clock.pass(TRAITS_LIFE_MS);
    expect(traits.known("alice")).toBeUndefined();
    await traits.read("alice");
    expect(asked).toEqual(["alice", "alice"]);
  });

  it("are none for a user that Teleport does not have", async () => {
    const { traits, lines } = reading(() => undefined);
    expect(await traits.read("nobody")).toEqual({});
    expect([traits.known("nobody"), lines]).toEqual([{}, []]);
  });

  it.each(["permission_denied", "unimplemented"] as const)(
    "are none where they may not be read (%s), which is said once",
    async (code) => {
      const { traits, lines } = reading(() => {
        throw errorOf(code);
      });
      expect([await traits.read("alice"), await traits.emailsOf("bob")]).toEqual([{}, []]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain("we may not read users");
    },
  );

  it.each(["unavailable", "timeout", "unknown", "unauthenticated_certificate", "invalid"] as const)(
    "are not none when Teleport could not be asked (%s), and are asked for again",
    async (code) => {
      let isAway = true;
      const { traits } = reading(() => {
        if (isAway) throw errorOf(code);
        return { email: ["alice@example.com"] };
      });
      await expect(traits.read("alice")).rejects.toMatchObject({ code });
      await expect(traits.emailsOf("alice")).rejects.toMatchObject({ code });
      isAway = false;
      expect(await traits.emailsOf("alice")).toEqual(["alice@example.com"]);
    },
  );
});

describe("a user's e-mail addresses", () => {
  it.each<[Traits, string[]]>([
    [{}, []],
    [{ email: ["a@example.com"], emails: ["b@example.com", "a@example.com"] }, ["a@example.com", "b@example.com"]],
    [{ Email: [" a@example.com "] }, ["a@example.com"]],
    [{ email: ["", "a", "@", "a@b@c", "a b@example.com", "{{internal.email}}"] }, []],
    [{ mail: ["a@example.com"], logins: ["b@example.com"] }, []],
  ])("of the traits %j are %j", async (given, emails) => {
    expect(await reading(() => given).traits.emailsOf("alice")).toEqual(emails);
  });
});
