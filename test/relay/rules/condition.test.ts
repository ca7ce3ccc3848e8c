import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Answer, parseCondition } from "../../../relay/rules/condition.ts";
import { FUNCTIONS, METHODS } from "../../../relay/rules/functions.ts";
import { VARIABLES } from "../../../relay/rules/variables.ts";
import type { Traits } from "../../../relay/teleport/port.ts";
import type { AccessRequest } from "../../../shared/access-request.ts";
import { requestOf } from "../clicks.ts";

const REQUEST: Partial<AccessRequest> = {
  user: "alice@example.com",
  roles: ["dev", "stage", "prod"],
  suggestedReviewers: ["bob"],
  annotations: { team: ["db", "infra"], "odd key": ["1"] },
  reason: "the migration hangs",
  createdMs: Date.UTC(2026, 2, 1, 12),
  accessExpiresMs: Date.UTC(2026, 2, 1, 20),
};
const TRAITS: Traits = { level: ["L2"], email: ["Alice@Example.com"], groups: ["eu-dev", "us-ops"] };

function ask(text: string, change: Partial<AccessRequest> = {}, traits = TRAITS): Answer {
  const condition = parseCondition(text);
  return "fault" in condition ? condition : condition.answer({ request: requestOf({ ...REQUEST, ...change }), traits });
}

describe("a condition in Teleport's own examples", () => {
  it.each([
    ['contains_any(user.traits["level"], set("L1"))', {}, false],
    ['contains_any(user.traits["level"], set("L1", "L2"))', {}, true],
    ['contains_all(set("dev", "stage", "prod"), access_request.spec.roles)', {}, true],
    ['contains_all(set("dev", "stage", "prod"), access_request.spec.roles)', { roles: [] }, false],
    ['access_request.spec.roles.contains_any(set("dev"))', {}, true],
    ["contains_all(set(), access_request.spec.roles)", { roles: [] }, false],
  ])("%s of %j is %s", (text, change, holds) => {
    expect(ask(text, change)).toEqual({ holds });
  });
});

describe("a condition that holds", () => {
  it.each([
    "true",
    "!false && (true || false)",
    'access_request.spec.user == "alice@example.com"',
    'access_request.spec.user != "bob"',
    "1 == 1 && 01 != 2",
    '`raw` == "raw"',
    'access_request.spec.request_reason == "the migration hangs"',
    'access_request.spec.suggested_reviewers.contains("bob")',
    'access_request.spec.system_annotations["team"].contains_all(set("db", "infra"))',
    'access_request.spec.system_annotations["odd key"].contains("1")',
    "access_request.spec.system_annotations.team.contains(`db`)",
    'user.traits.level.contains("L2")',
    'is_empty(user.traits["nothing"]) && user.traits["nothing"].isempty()',
    'user.traits["__proto__"].isempty() && user.traits["constructor"].isempty()',
    "access_request.spec.creation_time.before(access_request.spec.expiry)",
    'after(access_request.spec.expiry, time.RFC3339("2026-03-01T19:59:59Z"))',
    'between(access_request.spec.creation_time, time.RFC3339("2026-03-02T00:00:00Z"), time.RFC3339("2026-03-01T00:00:00Z"))',
    'access_request.spec.creation_time.between(time.RFC3339("2026-03-01T13:59:59+02:00"), access_request.spec.expiry)',
    "!before(access_request.spec.creation_time, access_request.spec.creation_time)",
    'set("a", "b", "a").contains("b") && !set().contains("")',
    'union(set("a"), set("b"), set()).contains_all(set("a", "b"))',
    'dict(pair("k", set("v")))["k"].contains("v")',
    'dict().put("k", set("a")).add_values("k", "b").add_values("l", "c")["k"].contains_all(set("a", "b"))',
    'dict(pair("k", set("v"))).remove("k", "l")["k"].isempty()',
    'set("a", "b").add("c").remove("a", "x").contains_all(set("b", "c"))',
    '!set("a", "b").remove("a").contains("a")',
    'ifelse(set("a").isempty(), "no", "yes") == "yes"',
    'choose(option(false, "a"), option(true, "b"), option(true, "c")) == "b"',
    'strings.upper("dev") == "DEV" && strings.upper(set("dev")).contains("DEV")',
    'strings.lower(user.traits["email"]).contains(access_request.spec.user)',
    'strings.replaceall(set("a-b"), "-", "_").contains("a_b") && strings.replaceall("aa", "a", "b") == "bb"',
    'strings.split(set("a,b", "c"), ",").contains_all(set("a", "b", "c"))',
    'email.local(set("Bob <bob@example.com>", access_request.spec.user)).contains_all(set("alice", "bob"))',
    'regexp.replace(user.traits["groups"], "^(\\\\w+)-dev$", "$1").contains("eu")',
    '!regexp.replace(user.traits["groups"], `^(\\w+)-dev$`, "$1").contains("us-ops")',
  ])("%s", (text) => {
    expect(ask(text)).toEqual({ holds: true });
  });

  it("is not asked about what need not be known", () => {
    expect(ask('true || choose().contains("x")')).toEqual({ holds: true });
    expect(ask('false && choose().contains("x")')).toEqual({ holds: false });
  });

  it("takes a time that is not set for Go's year 1", () => {
    const text = 'access_request.spec.creation_time.before(time.RFC3339("0001-01-01T00:00:01Z"))';
    expect(ask(text, { createdMs: null })).toEqual({ holds: true });
  });
});

describe("a condition that gives no boolean", () => {
  it.each(['"true"', "1", 'set("a")', "user.traits", 'ifelse(true, "a", "b")', "access_request.spec.expiry"])(
    "matches nothing, without fault: %s",
    (text) => {
      expect(ask(text)).toEqual({ holds: false });
    },
  );
});

describe("a condition that cannot be read", () => {
  it.each([
    ["", "It is empty."],
    ["access_request.spec.labels", "It names access_request.spec.labels, unknown here."],
    ["roles", "It names roles, unknown here."],
    ["toString()", "It calls toString, unknown here."],
    ['regexp.match(user.traits["a"], "b")', "It calls regexp.match, unknown here."],
    ['set("a").size()', "It calls something, unknown here."],
    ['"a".contains("b")', "contains is given a string where a set is needed."],
    ['set("a").contains(set("b"))', "contains is given a set where a string is needed."],
    ["set(1)", "set is given an integer where a string is needed."],
    ['is_empty(set("a"), set("b"))', "is_empty takes 1 values, not 2."],
    ['set("a").contains()', "contains takes 2 values, not 1."],
    ["dict().put()", "put takes 3 values, not 1."],
    ["dict().add_values()", "add_values takes at least 2 values, not 1."],
    ['true && "a"', "&& is given a string where a boolean is needed."],
    ["!1", "! is given an integer where a boolean is needed."],
    ["true == true", "== compares strings or integers, not a boolean."],
    ['"1" == 1', "== is given an integer where a string is needed."],
    ["ifelse(true, 1, 2) == ifelse(true, 1, 2)", "== compares strings or integers, not any value."],
    ['access_request.spec.roles["a"]', "[] is given a set where a dict is needed."],
    ["user.traits[1]", "[] is given an integer where a string is needed."],
    ["user.traits.a.b", "It names user.traits.a.b, unknown here."],
    ["dict(set())", "dict is given a set where a pair is needed."],
  ])("says why: %s", (text, fault) => {
    expect(ask(text)).toEqual({ fault });
  });
});

describe("a condition that cannot be answered", () => {
  it.each([
    ["choose(option(false, true))", "choose finds no option that applies; add option(true, …)."],
    ['ifelse(true, "a", set()).contains("a")', "Something gives a string where a set is needed."],
    ["dict(pair(1, set()))[`a`].isempty()", "Something gives an integer where a string is needed."],
    ['strings.upper(1) == "1"', "Something gives an integer where a set is needed."],
    ['time.RFC3339("now").before(access_request.spec.expiry)', "time.RFC3339 is given what is no such time."],
    ['email.local(set("nobody")).isempty()', "email.local is given what is no e-mail address."],
    ['regexp.replace(set("a"), "(", "b").isempty()', "A pattern cannot be read: missing closing )."],
  ])("says why: %s", (text, fault) => {
    expect(ask(text)).toEqual({ fault });
  });

  it("gives up on work without end", () => {
    const doubled = (text: string, times: number): string =>
      times === 0 ? text : doubled(`strings.replaceall(${text}, "a", "aaaaaaaaaaaaaaaa")`, times - 1);
    expect(ask(`${doubled('"a"', 30)} == "a"`)).toEqual({ fault: "It takes too much work to answer." });
    const hungry = 'regexp.replace(set(access_request.spec.request_reason), "a.*b|a", "x").isempty()';
    expect(ask(hungry, { reason: "a".repeat(10_000) })).toEqual({ fault: "It takes too much work to answer." });
  });
});

describe("a condition", () => {
  it.each([
    ['user.traits["level"].contains("L1")', true],
    ["user.traits.level.isempty()", true],
    ["is_empty(user.traits.put(`a`, set())[`a`])", true],
    ['access_request.spec.user == "user.traits"', false],
  ])("tells whether it asks for traits: %s", (text, asksTraits) => {
    expect(parseCondition(text)).toMatchObject({ asksTraits });
  });

  const words = [
    ...VARIABLES.keys(),
    ...FUNCTIONS.keys(),
    ...[...METHODS.keys()].map((name) => `.${name}`),
    ...['"a"', '"^(a*)*$"', "`b`", "1", "(", ")", "()", "[", "]", ",", ".", "!", "&&", "||", "==", "!=", "\n", '"'],
  ];

  it("answers or faults, whatever it is made of and asked about", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), fc.string(), (parts, text) => {
        const answer = ask(parts.join(""), { reason: text, user: text }, { level: [text] });
        expect("fault" in answer ? typeof answer.fault : typeof answer.holds).toMatch(/string|boolean/);
      }),
      { numRuns: 500 },
    );
  });

  const call: fc.Memo<string> = fc.memo((depth) =>
    depth <= 1
      ? fc.constantFrom(...VARIABLES.keys(), '"a"', '"2026-03-01T00:00:00Z"', "1", "set()", "dict()")
      : fc
          .tuple(fc.constantFrom(...FUNCTIONS.keys(), ...METHODS.keys()), fc.array(call(depth - 1), { maxLength: 3 }))
          .map(([name, args]) =>
            METHODS.has(name) && args.length > 0 ? `${args[0]}.${name}(${args.slice(1)})` : `${name}(${args})`,
          ),
  );

  it("answers or faults, whatever is called with whatever", () => {
    fc.assert(
      fc.property(call(4), (text) => {
        const answer = ask(text);
        expect(Object.keys(answer)).toHaveLength(1);
      }),
      { numRuns: 1_000 },
    );
  });
});
