/** Whether the person who clicked in PagerDuty is the one who asked in Teleport. Pure. */
import type { Policy } from "../guard.ts";

/** A person in PagerDuty; the address is the edge's word. */
export interface Approver {
  readonly personId: string;
  readonly email: string | null;
}

/** A person in Teleport. */
export interface Requester {
  readonly user: string;
  readonly emails: readonly string[];
}

/**
 * `same`: a mapped name or the approver's address is one of the requester's. `different`: the mapping knows either of
 * them, or, where addresses tell people apart, both have one. `unknown`: it cannot be told.
 */
export function personRelation(
  { personId, email }: Approver,
  { user, emails }: Requester,
  { users, identity }: Pick<Policy, "users" | "identity">,
): "same" | "different" | "unknown" {
  const mapped = Object.hasOwn(users, personId) ? (users[personId] ?? []) : [];
  const approverNames = new Set([...mapped, ...(email === null ? [] : [email])].map(folded));
  const requesterNames = [user, ...emails].map(folded);
  if (requesterNames.some((name) => approverNames.has(name))) return "same";
  if (mapped.length > 0) return "different";
  const mappedElsewhere = Object.entries(users).some(
    ([id, names]) => id !== personId && names.some((name) => folded(name) === folded(user)),
  );
  if (mappedElsewhere) return "different";
  const bothHaveAddresses = email !== null && isEmailAddress(email) && [user, ...emails].some(isEmailAddress);
  return identity === "email" && bothHaveAddresses ? "different" : "unknown";
}

/**
 * Whether a person is the requester, and not merely somebody who cannot be told apart: by the mapping where that knows either
 * of them, else, where addresses tell people apart, by address.
 */
export function isRequester(
  { personId, email }: Approver,
  { user, emails }: Requester,
  { users, identity }: Pick<Policy, "users" | "identity">,
): boolean {
  const isUser = (name: string): boolean => sameName(name, user);
  const mapped = Object.hasOwn(users, personId) ? (users[personId] ?? []) : [];
  if (mapped.length > 0) return mapped.some(isUser);
  if (Object.values(users).some((names) => names.some(isUser))) return false;
  if (identity === "mapped" || email === null || !isEmailAddress(email)) return false;
  return [user, ...emails].some((name) => sameName(name, email));
}

/** Whether two names are one, in whatever Unicode form and letter case they are written. */
export function sameName(one: string, other: string): boolean {
  return folded(one) === folded(other);
}

/** One form for every way of writing a name: NFC, letter case folded by way of upper case, which also joins ß, ẞ and ss. */
function folded(name: string): string {
  return name.trim().normalize("NFC").toLowerCase().toUpperCase().toLowerCase().normalize("NFC");
}

function isEmailAddress(text: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(text);
}
