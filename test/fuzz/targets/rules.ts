/** Conditions of Access Monitoring Rules: whatever is written in one, it is answered or it is a sentence that says why not. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCondition } from "../../../relay/rules/condition.ts";
import { MAX_CHARACTERS } from "../../../relay/rules/tokens.ts";
import type { Subject } from "../../../relay/rules/variables.ts";
import { requestOf } from "../../relay/clicks.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedText } from "../values/bytes.ts";
import { request } from "../values/requests.ts";
import { hostileText } from "../values/text.ts";

const SAMPLES = [
  'access_request.spec.roles.contains("dba") && !user.traits["level"].contains_any(set("L1", "L2"))',
  'contains_all(access_request.spec.roles, set("a", `b`)) || access_request.spec.user == "alice"',
  'access_request.spec.creation_time.after(time.RFC3339("2026-01-01T00:00:00Z"))',
  'between(access_request.spec.expiry, time.RFC3339("2026-01-01T00:00:00+01:00"), access_request.spec.creation_time)',
  'regexp.replace(access_request.spec.roles, "^(?i)(prod)-(.*)$", "$2").contains("db-prod")',
  'ifelse(is_empty(email.local(user.traits.email)), "x", strings.upper("y")) == "Y"',
  'strings.split(strings.replaceall(access_request.spec.roles, "-", ","), ",").isempty()',
  'dict(pair("a", set("b"))).put("c", set("d")).add_values("c", "e")["c"].contains("e")',
  "choose(option(false, 1), option(true, 2)) == 2 /* a comment */ // and another\n",
  'union(set("a"), set("b")).remove("a").add("c").contains("b")',
];

const PATTERNS = [
  "(a*)*b",
  "(a|aa)+$",
  "((a{1,30}){1,30})",
  "[^\\x00-\\x{10FFFF}]",
  "(?i)\\pL+",
  "(?P<n>x)",
  "a{1000}",
  "(((((",
  "\\Q",
  "[[:alpha:]]+",
  ".*.*.*x",
];

/** A text that a pattern is asked about, and the condition that asks. */
const replacing = fc
  .tuple(
    fc.oneof(fc.constantFrom(...PATTERNS), mutatedText(PATTERNS)),
    fc.oneof(fc.constantFrom("$0", "$1x$$", "$9"), hostileText),
  )
  .map(([pattern, replacement]) => {
    const [from, to] = [pattern, replacement].map((text) => JSON.stringify(text.replace(/[^\x20-\x7e]/g, "")));
    return `regexp.replace(access_request.spec.roles, ${from}, ${to}).contains("x")`;
  });

const subject = fc.record({
  request,
  traits: fc.dictionary(hostileText, fc.array(hostileText, { maxLength: 3 }), { maxKeys: 3 }),
});

type Formula =
  | { readonly kind: "atom"; readonly value: boolean }
  | { readonly kind: "not"; readonly of: Formula }
  | { readonly kind: "and" | "or"; readonly left: Formula; readonly right: Formula };

const { formula } = fc.letrec<{ formula: Formula }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 6 },
    fc.record({ kind: fc.constant("atom"), value: fc.boolean() }),
    fc.record({ kind: fc.constant("not"), of: tie("formula") }),
    fc.record({ kind: fc.constantFrom("and", "or"), left: tie("formula"), right: tie("formula") }),
  ),
}));

function written(of: Formula): string {
  switch (of.kind) {
    case "atom":
      return of.value ? 'set("a").contains("a")' : '"a" == "b"';
    case "not":
      return `!(${written(of.of)})`;
    case "and":
      return `(${written(of.left)}) && (${written(of.right)})`;
    case "or":
      return `(${written(of.left)} || ${written(of.right)})`;
  }
}

function holds(of: Formula): boolean {
  switch (of.kind) {
    case "atom":
      return of.value;
    case "not":
      return !holds(of.of);
    case "and":
      return holds(of.left) && holds(of.right);
    case "or":
      return holds(of.left) || holds(of.right);
  }
}

interface Asked {
  readonly text: string;
  readonly subject: Subject;
}

function answers({ text, subject }: Asked): void {
  const condition = parseCondition(text);
  const answer = "fault" in condition ? condition : condition.answer(subject);
  assertUnpolluted();
  if ("fault" in answer) assert.match(answer.fault, /\.$/, "a fault is a sentence");
  else assert.equal(typeof answer.holds, "boolean");
}

export const rules: Target = {
  name: "rules",
  about: "conditions of Access Monitoring Rules",
  properties: () => [
    property(
      "every mutation of a condition is answered, or says why not",
      fc.record({ text: mutatedText(SAMPLES), subject }),
      answers,
    ),
    property("whatever else a condition is, says why not", fc.record({ text: hostileText, subject }), answers),
    property("whatever is replaced, is replaced within the budget", fc.record({ text: replacing, subject }), answers, {
      cost: 4,
    }),
    property("and, or and not mean what they mean", formula, (each) => {
      const text = written(each);
      const condition = parseCondition(text);
      if ("fault" in condition) return assert(text.length > MAX_CHARACTERS || /more than|deeper/.test(condition.fault));
      assert.deepEqual(condition.answer({ request: requestOf(), traits: {} }), { holds: holds(each) });
    }),
    property(
      "however long or deep a condition is, it is answered, or says why not",
      fc
        .tuple(
          fc.constantFrom(
            "!",
            "(",
            "true && ",
            "true || ",
            "x.",
            "set(",
            '"a"+',
            '"a" == ',
            "/*",
            "-",
            'set("a").add("b")',
          ),
          fc.constantFrom(10, 60, 70, 1000, 4000, 40_000),
        )
        .map(([piece, count]) => piece.repeat(count)),
      (text) => answers({ text: `${text}true`, subject: { request: requestOf(), traits: {} } }),
      { cost: 20 },
    ),
  ],
};
