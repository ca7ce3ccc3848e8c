import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { personRelation } from "../../../relay/guard/same-person.ts";

const BOB = "PBOB123";
const ALICE = { user: "alice", emails: [] };
const ALICE_BY_ADDRESS = { user: "alice@example.com", emails: [] };

describe("with addresses that tell people apart", () => {
  it.each([
    ["two addresses", "bob@example.com", ALICE_BY_ADDRESS, {}, "different"],
    ["one address", "alice@example.com", ALICE_BY_ADDRESS, {}, "same"],
    ["an address among traits", "bob@example.com", { user: "bob", emails: ["x@y.z", "Bob@Example.com"] }, {}, "same"],
    ["another address among traits", "bob@example.com", { user: "alice", emails: ["a@example.com"] }, {}, "different"],
    ["no address of the requester", "bob@example.com", ALICE, {}, "unknown"],
    ["no address of the approver", null, ALICE_BY_ADDRESS, {}, "unknown"],
    ["an empty address", "", ALICE_BY_ADDRESS, {}, "unknown"],
    ["two at signs", "bob@@example.com", ALICE_BY_ADDRESS, {}, "unknown"],
    ["blanks around", " alice@example.com ", ALICE_BY_ADDRESS, {}, "same"],
    ["the user's name for an address", "alice", ALICE, {}, "same"],
    ["a mapped name", null, ALICE, { [BOB]: ["ALICE"] }, "same"],
    ["one of several mapped names", null, ALICE, { [BOB]: ["bob", "Alice"] }, "same"],
    ["another's mapped name", null, ALICE, { [BOB]: ["bob"] }, "different"],
    ["a mapping of nothing", null, ALICE, { [BOB]: [] }, "unknown"],
    ["a requester who is mapped to another", null, ALICE, { PALICE1: ["alice"] }, "different"],
    ["a requester who is mapped to both", null, ALICE, { PALICE1: ["alice"], [BOB]: ["alice"] }, "same"],
    ["a mapping that does not help", null, ALICE, { PCAROL1: ["carol"] }, "unknown"],
    ["an address that contradicts the mapping", "alice", ALICE, { [BOB]: ["bob"] }, "same"],
  ])("it is told by %s", (_, email, requester, users, expected) => {
    expect(personRelation({ personId: BOB, email }, requester, { users, identity: "email" })).toBe(expected);
  });

  it.each(["constructor", "__proto__", "toString"])("no ID is mapped by being called %s", (personId) => {
    expect(personRelation({ personId, email: null }, ALICE, { users: {}, identity: "email" })).toBe("unknown");
  });
});

describe("with the mapping alone", () => {
  it.each([
    ["two addresses say nothing", "bob@example.com", ALICE_BY_ADDRESS, {}, "unknown"],
    ["one address still says enough", "alice@example.com", ALICE_BY_ADDRESS, {}, "same"],
    ["a mapped approver is somebody else", null, ALICE, { [BOB]: ["bob"] }, "different"],
  ])("%s", (_, email, requester, users, expected) => {
    expect(personRelation({ personId: BOB, email }, requester, { users, identity: "mapped" })).toBe(expected);
  });
});

describe("names", () => {
  function areOne(name: string, other: string): boolean {
    const relation = personRelation(
      { personId: BOB, email: `${name}@example.com` },
      { user: `${other}@example.com`, emails: [] },
      { users: {}, identity: "email" },
    );
    return relation === "same";
  }

  it.each([
    ["jos\u00e9", "jose\u0301"],
    ["stra\u00dfe", "STRASSE"],
    ["stra\u1e9ee", "stra\u00dfe"],
    ["\u03c3\u03c2", "\u03a3\u03a3"],
    ["\u212bngstrom", "\u00e5NGSTROM"],
    ["\u212aelvin", "kelvin"],
    ["\ufb01sh", "FISH"],
  ])("are one however they are written: %s and %s", (name, other) => {
    expect(areOne(name, other)).toBe(true);
    expect(areOne(other, name)).toBe(true);
  });

  it("are one in lower and upper case, whatever the letter", () => {
    for (let code = 0x41; code <= 0x1ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const letter = String.fromCodePoint(code);
      for (const other of [letter.toLowerCase(), letter.toUpperCase()]) {
        if (other !== letter && !areOne(letter, other)) expect.fail(`${letter} (U+${code.toString(16)}) and ${other}`);
      }
    }
  });

  it("are one in every normal form that keeps the characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(areOne(name.normalize("NFD").trim(), name.normalize("NFC").trim())).toBe(true);
      }),
    );
  });

  it.each([
    ["rn", "m"],
    ["bob", "b0b"],
    ["\u0430lice", "alice"],
  ])("that only look alike are two: %s and %s", (name, other) => {
    expect(areOne(name, other)).toBe(false);
  });
});
