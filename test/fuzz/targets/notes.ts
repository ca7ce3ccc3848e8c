/** What people read in PagerDuty: titles, bodies and notes, made of text that others have written. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type RefusedClick, refusalNote } from "../../../edge/incident/refusal-note.ts";
import * as incident from "../../../edge/incident.ts";
import { type AccessRequest, digestOf } from "../../../shared/access-request.ts";
import { commandIn, isNearMiss } from "../../../shared/click.ts";
import {
  listingFor,
  MAX_LISTING_CHARACTERS,
  MAX_USER_TEXT_CHARACTERS,
  userText,
  visibleText,
} from "../../../shared/listing.ts";
import { refusalSchema } from "../../../shared/refusal.ts";
import { accessRequest, CLUSTER } from "../../edge/samples.ts";
import { DECISIONS } from "../../shared/fixtures.ts";
import { property, type Target } from "../target.ts";
import { name, request, review, timeMs } from "../values/requests.ts";
import { hostileText } from "../values/text.ts";

/** What breaks lines, reorders them, or is not seen at all; lone surrogates too. */
const HIDING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

function assertInert(line: string): void {
  assert.doesNotMatch(line, HIDING);
}

/** So many lines, and nothing in them that hides, reorders or breaks. */
function assertLines(text: string, most: number): void {
  const lines = text.split("\n");
  assert(lines.length <= most, `${lines.length} lines where ${most} were meant`);
  for (const line of lines) assertInert(line);
}

interface Paged {
  readonly request: AccessRequest;
  readonly context: Omit<incident.BodyContext, "digest">;
}

const context = fc.record({
  cluster: fc.constant(CLUSTER),
  proxyAddress: fc.option(hostileText),
  remarks: fc.constant([]),
  shortened: fc.boolean(),
  decisions: hostileText.map((field) => ({ ...DECISIONS, field })),
});

const paged: fc.Arbitrary<Paged> = fc.record({ request, context });

function bodyOf({ request, context }: Paged): incident.Body {
  return incident.bodyFor(request, { ...context, digest: digestOf(CLUSTER, request) });
}

const person = fc.option(hostileText);
const verdict = fc.constantFrom("approve", "deny");
const refused: fc.Arbitrary<RefusedClick> = fc.record({
  refusal: fc.constantFrom(...refusalSchema.options),
  verdict,
  person: hostileText,
  detail: hostileText,
});

/** Every kind of note that quotes somebody, with the lines that it has at most. */
const note: fc.Arbitrary<{ readonly text: string; readonly lines: number }> = fc.oneof(
  review.map((each) => ({ text: incident.reviewNote(each), lines: 3 })),
  fc
    .tuple(fc.constantFrom("approved", "denied", "expired", "promoted", "deleted"), person, person)
    .map(([end, who, why]) => ({ text: incident.endNote(end, who, why), lines: 2 })),
  fc.tuple(verdict, hostileText).map(([each, who]) => ({ text: incident.reviewGivenNote(each, who), lines: 1 })),
  hostileText.map((problem) => ({ text: incident.waitingNote(problem), lines: 1 })),
  fc
    .tuple(request, fc.uuid())
    .map(([each, key]) => ({ text: incident.mergedNote(incident.titleFor(each), key), lines: 1 })),
  fc
    .record({ channel: fc.constantFrom("note", "action"), verdict, who: person, atMs: timeMs })
    .map((click) => ({ text: incident.undeliveredNote(click), lines: 1 })),
  refused.map((click) => ({ text: refusalNote(click) ?? "", lines: 1 })),
);

export const notes: Target = {
  name: "notes",
  about: "titles, bodies and notes made of other people's text",
  properties: () => [
    property("visible text is one line with nothing hidden, and stays as it is", hostileText, (text) => {
      const visible = visibleText(text);
      assertInert(visible);
      assert.equal(visibleText(visible), visible);
    }),
    property("somebody's own words are short, inert, and hold no live link", hostileText, (text) => {
      const words = userText(text);
      assertInert(words);
      assert(Array.from(words).length <= MAX_USER_TEXT_CHARACTERS);
      assert.doesNotMatch(words, /:\/\/|\bwww\./i);
    }),
    property("a title is one line within its limit", fc.tuple(request, fc.boolean()), ([each, shortened]) => {
      const title = incident.titleFor(each, shortened);
      assertLines(title, 1);
      assert(title.length <= incident.MAX_TITLE_CHARACTERS);
    }),
    property("a body has the lines that it is meant to have, and ends with the reason", paged, (each) => {
      const { text } = bodyOf(each);
      const names = each.request.roles.length + each.request.resources.length;
      assertLines(text, names + 20);
      assert(text.split("\n").at(-1)?.startsWith("Reason, in the requester's words: "));
      // One line of the body is the digest's: no text of anybody's makes another.
      assert.equal(text.split("\n").filter((line) => line.startsWith("Digest: ")).length, 1);
    }),
    property("a role or resource is shown as it is, or the body says that not all are", paged, (each) => {
      const { text, shown } = bodyOf(each);
      const lines = text.split("\n").map((line) => line.replace(/^(?:Roles|Resources): |^ {2}- /, ""));
      if (shown) for (const role of each.request.roles) assert(lines.includes(role), `${role} is missing`);
      assert.equal(shown, !lines.some((line) => line.startsWith("NOT EVERYTHING IS SHOWN")));
      if (shown) assert(listingFor(each.request).complete, "the relay would refuse what the edge calls shown");
    }),
    property("a listing never cuts a name, and keeps to its limit", fc.array(name, { maxLength: 30 }), (roles) => {
      const listing = listingFor(accessRequest({ roles }));
      assert(listing.roles.every((role) => roles.some((each) => visibleText(each) === role)));
      assert(listing.roles.join("").length <= MAX_LISTING_CHARACTERS);
      if (listing.complete) assert.deepEqual(listing.roles, roles);
    }),
    property("a body that we wrote is known again, by its digest and its words", paged, (each) => {
      const { text } = bodyOf(each);
      const digest = digestOf(CLUSTER, each.request);
      assert(incident.carriesDigest(text, digest));
      assert(incident.isBodyFor(text, each.request, { ...each.context, digest }));
    }),
    property(
      "a note has the lines that it is meant to have, within its limit, and is no command",
      note,
      ({ text, lines }) => {
        assertLines(text, lines);
        assert(text.length <= incident.MAX_NOTE_CHARACTERS);
        assert.equal(commandIn(text), undefined);
        assert(!isNearMiss(text), "our own note would be taken for a mistyped command");
      },
    ),
  ],
};
