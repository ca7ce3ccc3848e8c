// What each unary RPC answers: the caller's rights first, then one line into the part that knows the semantics.

import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { AccessMonitoringRulesService } from "../../../relay/gen/access-monitoring-rules_pb.ts";
import type { AccessRequest, AccessRequestFilter, AuthService } from "../../../relay/gen/teleport_pb.ts";
import type { Cluster } from "./cluster.ts";
import { pageOf } from "./inventory.ts";
import { accessDenied, notFound, Refusal } from "./refusal.ts";
import type { Caller } from "./transport.ts";

type Methods = (typeof AuthService)["method"] & (typeof AccessMonitoringRulesService)["method"];

/** The RPCs with one answer. */
export type UnaryName = {
  [Name in keyof Methods]: Methods[Name]["methodKind"] extends "unary" ? Name : never;
}[keyof Methods];

/** What an RPC gives for a request and its caller. */
export type Answer<Name extends UnaryName> = (
  request: MessageShape<Methods[Name]["input"]>,
  caller: Caller,
) => MessageInitShape<Methods[Name]["output"]> | Refusal;

/** An answer for every unary RPC. */
export function answersFor(cluster: Cluster): { readonly [Name in UnaryName]: Answer<Name> } {
  return { ...requestAnswersFor(cluster), ...pluginDataAnswersFor(cluster), ...inventoryAnswersFor(cluster) };
}

/** The requests that a caller may list; without the right to, its own or a refusal, as the release has it. */
export function listFor(
  cluster: Cluster,
  filter: AccessRequestFilter | undefined,
  caller: Caller,
): AccessRequest[] | Refusal {
  const refusal = cluster.users.check(caller, "access_request", "list", "read");
  if (refusal === undefined) {
    return cluster.requests.list(filter);
  }
  return cluster.behaviour.listsOwnWithoutRights
    ? cluster.requests.list(filter).filter((request) => request.spec?.user === caller.user)
    : refusal;
}

function requestAnswersFor(cluster: Cluster) {
  const { behaviour, users, requests } = cluster;
  return {
    ping: () => ({
      clusterName: cluster.name,
      serverVersion: behaviour.serverVersion,
      proxyPublicAddr: behaviour.hasReviews ? cluster.proxyPublicAddr : "",
    }),
    getAccessRequests: (filter, caller) => {
      const listed = listFor(cluster, filter, caller);
      return listed instanceof Refusal ? listed : { accessRequests: listed };
    },
    listAccessRequests: (request, caller) => {
      const listed = listFor(cluster, request.filter, caller);
      if (listed instanceof Refusal) {
        return listed;
      }
      const limit = Math.min(request.limit || cluster.listLimit, cluster.listLimit);
      const page = pageOf(listed, (each) => each.metadata?.name ?? "", request.startKey, limit);
      return { accessRequests: [...page.items], nextKey: page.nextKey };
    },
    createAccessRequest: (request, caller) => {
      const created = createFor(cluster, request, caller);
      return created instanceof Refusal ? created : {};
    },
    createAccessRequestV2: (request, caller) => createFor(cluster, request, caller),
    deleteAccessRequest: ({ id }, caller) => {
      const refusal = users.check(caller, "access_request", behaviour.deleteVerb);
      return refusal ?? (requests.delete(id) ? {} : notFound(`access request "${id}" not found`));
    },
    setAccessRequestState: (setter, caller) => {
      const refusal = users.check(caller, "access_request", "update") ?? lookupRefusal(cluster, setter.id, caller);
      return refusal ?? requests.setState(setter) ?? {};
    },
    submitAccessReview: ({ requestId, review }, caller) => {
      const author = review?.author || caller.user;
      const isForAnother = review?.isSubmittedByPlugin === true && author !== caller.user;
      if (cluster.takesReviewsForOthers && isForAnother && users.canSubmitForUsers(caller)) {
        // From here on it is the author's right.
        if (!users.canReview({ user: author })) return accessDenied(`user "${author}" cannot review request`);
        return requests.review(requestId, review && { ...review, submittedBy: caller.user }, author);
      }
      if (!cluster.hasEnterprise || !users.canReview(caller)) {
        return accessDenied(`user "${caller.user}" cannot submit reviews`);
      }
      return requests.review(requestId, review, caller.user);
    },
  } satisfies Partial<{ [Name in UnaryName]: Answer<Name> }>;
}

function createFor(cluster: Cluster, request: AccessRequest, caller: Caller): AccessRequest | Refusal {
  const isOwn = request.spec?.user === caller.user;
  const refusal = isOwn ? undefined : cluster.users.check(caller, "access_request", "create");
  return refusal ?? cluster.requests.create(request);
}

/** Releases that look a request up as the caller hide what it may not read, and protect its own. */
function lookupRefusal(cluster: Cluster, id: string, caller: Caller): Refusal | undefined {
  if (!cluster.behaviour.looksUpAsCaller || id === "") {
    return undefined;
  }
  if (!cluster.users.can(caller, "access_request", "list", "read")) {
    return notFound(`cannot set state of access request "${id}" (not found)`);
  }
  return cluster.requests.get(id)?.spec?.user === caller.user
    ? accessDenied("users are not allowed to decide their own access requests")
    : undefined;
}

function pluginDataAnswersFor(cluster: Cluster) {
  const { behaviour, users, requests, pluginData } = cluster;
  const check = (caller: Caller, ...verbs: readonly string[]): Refusal | undefined =>
    behaviour.hasPluginDataRights && users.can(caller, "access_plugin_data", ...verbs)
      ? undefined
      : users.check(caller, "access_request", ...verbs);
  return {
    getPluginData: (filter, caller) => {
      const listed = check(caller, "list", "read") ?? pluginData.list(filter);
      return listed instanceof Refusal ? listed : { pluginData: listed };
    },
    updatePluginData: (params, caller) =>
      check(caller, "update") ?? pluginData.update(params, requests.get(params.resource)) ?? {},
  } satisfies Partial<{ [Name in UnaryName]: Answer<Name> }>;
}

function inventoryAnswersFor(cluster: Cluster) {
  const { users, inventory } = cluster;
  const rules = (caller: Caller, start: string, limit: number, subjects: readonly string[], notification: string) => {
    const refusal = users.check(caller, "access_monitoring_rule", "list", "read");
    const page = inventory.listRules(
      subjects,
      notification,
      start,
      Math.min(limit || cluster.listLimit, cluster.listLimit),
    );
    return refusal ?? { rules: [...page.items], nextPageToken: page.nextKey };
  };
  return {
    getUser: ({ name, withSecrets }, caller) => {
      const refusal = name === caller.user ? undefined : users.check(caller, "user", "read");
      const traits = refusal ?? (withSecrets ? accessDenied("user secrets are not for plugins") : users.traitsOf(name));
      return traits instanceof Refusal ? traits : userFor(name, traits);
    },
    listResources: (request, caller) => {
      const refusal = users.check(caller, request.resourceType, "list", "read");
      const page = refusal ?? inventory.listResources(request, cluster.listLimit);
      return page instanceof Refusal ? page : { resources: [...page.items], nextKey: page.nextKey };
    },
    listAccessMonitoringRules: (request, caller) => rules(caller, request.pageToken, Number(request.pageSize), [], ""),
    listAccessMonitoringRulesWithFilter: (request, caller) =>
      rules(caller, request.pageToken, Number(request.pageSize), request.subjects, request.notificationName),
  } satisfies Partial<{ [Name in UnaryName]: Answer<Name> }>;
}

function userFor(name: string, traits: Readonly<Record<string, readonly string[]>>) {
  const values = Object.fromEntries(Object.entries(traits).map(([trait, list]) => [trait, { values: [...list] }]));
  return { kind: "user", version: "v2", metadata: { name, namespace: "default" }, spec: { traits: { values } } };
}
