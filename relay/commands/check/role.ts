/**
 * The Teleport role that the relay needs, as YAML for `tctl create`, by Teleport's version and by how decisions are made.
 * The documentation shows the same text. Pure.
 */

/** How a decision is made in Teleport: the key `teleport.decide_by`. */
export type DecideBy = "state" | "review" | "review_on_behalf";

export interface RoleFor {
  /** Teleport's version, such as `18.2.0`. */
  readonly version: string;
  readonly decideBy: DecideBy;
}

/** The name of the role, and of the user that has it. */
export const ROLE_NAME = "pagerduty-relay";

/** The first release with the role version `v7` in all its lines. */
const V7_ROLES = [15, 0] as const;

/** The first release in which plugin data has rights of its own; before, they are those of access requests. */
const PLUGIN_DATA_RIGHTS = [6, 1] as const;

/** The role, ending with a line break. */
export function roleFor({ version, decideBy }: RoleFor): string {
  const isNew = isAtLeast(version, V7_ROLES);
  const hasPluginDataRights = isAtLeast(version, PLUGIN_DATA_RIGHTS);
  // Where plugin data has no rights of its own, writing it takes the one on access requests.
  const verbs = decideBy === "state" || !hasPluginDataRights ? "list, read, update" : "list, read";
  return `kind: role
version: ${isNew ? "v7" : "v3"}
metadata: {name: ${ROLE_NAME}}
spec:
  allow:
${isNew ? "" : LOGINS}    rules:
      - {resources: [access_request], verbs: [${verbs}]}
${hasPluginDataRights ? "      - {resources: [access_plugin_data], verbs: [update]}\n" : ""}${REVIEWS[decideBy]}`;
}

// Releases of that age issue no certificate to a user without one.
const LOGINS = `    logins: [${ROLE_NAME}]\n`;

const REVIEWS: Readonly<Record<DecideBy, string>> = {
  state: "",
  review: "    review_requests: {roles: ['*']}\n",
  review_on_behalf: "    review_requests: {roles: ['*'], submit_for_users: ['*']}\n",
};

/** Releases from here on may answer whoever has no right to list with an empty list; 4.2.8 refuses. */
const MAY_HIDE_REQUESTS = [5, 0] as const;

/** Whether an empty list can stand for a missing right. */
export function mayHideRequests({ version }: Pick<RoleFor, "version">): boolean {
  return isAtLeast(version, MAY_HIDE_REQUESTS);
}

/** The first release that can decide in a way; every release that we know can set a state. */
const DECIDES_SINCE: Readonly<Record<DecideBy, readonly [number, number]>> = {
  state: [0, 0],
  review: [6, 1],
  review_on_behalf: [18, 11],
};

/** Why a release cannot decide in a way, as a sentence; null when it can. */
export function decideByProblem({ version, decideBy }: RoleFor): string | null {
  const since = DECIDES_SINCE[decideBy];
  if (isAtLeast(version, since)) return null;
  return `decide_by = "${decideBy}" needs Teleport ${since.join(".")} or later: write decide_by = "state", or upgrade.`;
}

// A version that cannot be read is taken for a new one.
function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [, ours, less] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  if (ours === undefined || less === undefined) return true;
  return Number(ours) > major || (Number(ours) === major && Number(less) >= minor);
}
