/**
 * Roles and resources as people read them on an incident, and whether they can be shown whole. Both halves use it: the
 * edge to write the body, the relay to refuse an approval of what nobody could have read (`not_shown`). Pure.
 */
import type { AccessRequest, RequestedResource } from "./access-request.ts";

/** Room for roles and resources together, in characters: what a PagerDuty body takes with everything else beside it. */
export const MAX_LISTING_CHARACTERS = 4000;

/** What a line takes beside its name, in characters: the bullet and the line break. */
const BULLET_CHARACTERS = 5;

/** Longest piece of the requester's own words, in characters. */
export const MAX_USER_TEXT_CHARACTERS = 1000;

/** What is to be approved, one line a role or resource; `complete` is false when some could not be shown as they are. */
export interface Listing {
  readonly roles: readonly string[];
  readonly resources: readonly string[];
  readonly complete: boolean;
}

/** Lists roles first, then resources, as far as {@link MAX_LISTING_CHARACTERS} goes. Nothing is ever cut within a name. */
export function listingFor(request: AccessRequest): Listing {
  let room = MAX_LISTING_CHARACTERS;
  let complete = true;
  const take = (name: string): string[] => {
    const line = visibleText(name);
    if (line !== name) complete = false;
    const taken = line.length + BULLET_CHARACTERS;
    if (taken > room) {
      complete = false;
      return [];
    }
    room -= taken;
    return [line];
  };
  const roles = request.roles.flatMap(take);
  const resources = request.resources.map(resourcePath).flatMap(take);
  return { roles, resources, complete };
}

/** A resource as Teleport writes it, with its friendly name behind it when there is one. */
export function resourcePath(resource: RequestedResource): string {
  const path = ["", resource.cluster, resource.kind, resource.name, resource.subResource].filter(
    (part, index) => index < 4 || part !== "",
  );
  const friendly = resource.friendlyName === undefined ? "" : ` (${userText(resource.friendlyName)})`;
  return `${path.join("/")}${friendly}${resource.constraints === "" ? "" : " (constrained)"}`;
}

// Control, bidirectional and zero-width characters, separators, lone surrogates, marks that only change how the character
// before them looks, and the blank Braille pattern, which is a blank that passes for a letter.
const INVISIBLE = /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}|\p{Cs}|\p{Default_Ignorable_Code_Point}|\u2800/gu;

/** Text on one line with nothing in it that hides, reorders or breaks lines; runs of white space become one space. */
export function visibleText(text: string): string {
  return text
    .replace(/[\r\n\t\v\f\u0085\u2028\u2029]+/g, " ")
    .replace(INVISIBLE, "")
    .replace(/\p{Zs}+/gu, " ")
    .trim();
}

/** Somebody's own words, safe to show: {@link visibleText}, cut at {@link MAX_USER_TEXT_CHARACTERS}, links made dead. */
export function userText(text: string): string {
  const line = defanged(visibleText(text.slice(0, MAX_USER_TEXT_CHARACTERS * 8)));
  const characters = Array.from(line);
  if (characters.length <= MAX_USER_TEXT_CHARACTERS) return line;
  return `${characters.slice(0, MAX_USER_TEXT_CHARACTERS - 1).join("")}…`;
}

function defanged(text: string): string {
  return text.replaceAll("://", "[:]//").replace(/\b(www)\./gi, "$1[.]");
}
