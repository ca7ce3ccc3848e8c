/**
 * An edge that somebody has broken into: what it tells the relays is changed on its way. Nothing of that may approve
 * anything: what counts is what PagerDuty signed.
 */
import type { Dice } from "../chaos/dice.ts";
import type { Journal } from "./journal.ts";
import type { Weather } from "./weather.ts";

/** How often a frame that decides is changed. */
const OFTEN = 0.5;

interface Frame {
  readonly type: string;
  readonly requestId: string;
  readonly digest: string;
  readonly clickId: string;
  readonly evidence: { readonly kind: string; readonly raw: string; readonly signature: string };
}

/** Changes frames at random: verdicts, requests and times in the evidence, whose evidence it is, what was paged. */
export function tampererFor(dice: Dice, journal: Journal, weather: Weather): (text: string) => string {
  const seen: Frame[] = [];
  return (text) => {
    const frame: Frame = JSON.parse(text);
    if (weather.isCalm || (frame.type !== "decide" && frame.type !== "bind")) return text;
    const lie = dice.chance(OFTEN) ? lieFor(dice, frame, seen) : undefined;
    if (frame.type === "decide") seen.push(frame);
    if (lie === undefined) return text;
    journal.count("lies of the edge");
    journal.tell("edge", `lies: ${lie.what}`);
    return JSON.stringify(lie.frame);
  };
}

function lieFor(dice: Dice, frame: Frame, seen: readonly Frame[]): { what: string; frame: object } | undefined {
  if (frame.type === "bind")
    return { what: "another digest", frame: { ...frame, digest: `0${frame.digest.slice(1)}` } };
  if (frame.evidence.kind !== "signed") return undefined;
  const change = (edit: (raw: string) => string): object => {
    const raw = Buffer.from(frame.evidence.raw, "base64").toString();
    return { ...frame, evidence: { ...frame.evidence, raw: Buffer.from(edit(raw)).toString("base64") } };
  };
  const other = seen.findLast(({ requestId }) => requestId !== frame.requestId);
  switch (dice.between(0, 3)) {
    case 0:
      return { what: "approve for deny", frame: change((raw) => raw.replace(/\/deny|trigger-deny/i, swapped)) };
    case 1:
      return { what: "another person", frame: change((raw) => raw.replace(/"id":"P[A-Z]{3}\w+"/, '"id":"PANN001"')) };
    case 2:
      return {
        what: "another time",
        frame: change((raw) => raw.replace(/"occurred_at":"\d{4}/, '"occurred_at":"2027')),
      };
    default:
      return other && { what: "the same for another request", frame: { ...frame, requestId: other.requestId } };
  }
}

function swapped(text: string): string {
  return text.replace(/deny/i, "approve");
}
