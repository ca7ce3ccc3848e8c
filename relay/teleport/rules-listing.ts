/**
 * Reading Access Monitoring Rules, in the two ways that Teleport has had: asked for by notifier (18), or all of them (15).
 * Older releases have none, which is no fault.
 */
import type { AccessMonitoringRule } from "../gen/access-monitoring-rules_pb.ts";
import { concernsUs, type MonitoringRule, NOTIFIER, SUBJECT } from "../rules.ts";
import type { Connection } from "./connection.ts";
import { isUnimplemented } from "./listing.ts";

/** How long one page may take. */
const PAGE_WITHIN_MS = 10_000;

/** Rules in a page; the predecessor asks for as many. */
const PAGE_LENGTH = 1_000n;

/** Most pages that are followed. */
const MAX_PAGES = 100;

interface Page {
  readonly rules: readonly AccessMonitoringRule[];
  readonly nextPageToken: string;
}

type ReadPage = (pageToken: string) => Promise<Page>;

/** Every rule that notifies PagerDuty of access requests; none on a server that has no rules. Rejects with `TeleportError`. */
export async function listRules(connection: Connection): Promise<MonitoringRule[]> {
  const common = { pageSize: PAGE_LENGTH };
  const filtered: ReadPage = (pageToken) => {
    const request = { ...common, pageToken, subjects: [SUBJECT], notificationName: NOTIFIER };
    return connection.unary("listAccessMonitoringRulesWithFilter", request, PAGE_WITHIN_MS);
  };
  const all: ReadPage = (pageToken) =>
    connection.unary("listAccessMonitoringRules", { ...common, pageToken }, PAGE_WITHIN_MS);
  const listed = (await orUnimplemented(readPages(filtered))) ?? (await orUnimplemented(readPages(all))) ?? [];
  return listed.map(monitoringRuleFor).filter(concernsUs);
}

/** A rule off the wire. */
export function monitoringRuleFor({ metadata, spec }: AccessMonitoringRule): MonitoringRule {
  return {
    name: metadata?.name ?? "",
    subjects: spec?.subjects ?? [],
    condition: spec?.condition ?? "",
    notifier: spec?.notification?.name ?? "",
    recipients: spec?.notification?.recipients ?? [],
  };
}

async function readPages(read: ReadPage): Promise<AccessMonitoringRule[]> {
  const rules: AccessMonitoringRule[] = [];
  let token = "";
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await read(token);
    rules.push(...page.rules);
    // A token that leads nowhere new would be followed for ever.
    if (page.nextPageToken === "" || page.nextPageToken === token) break;
    token = page.nextPageToken;
  }
  return rules;
}

async function orUnimplemented<Answer>(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isUnimplemented(error)) return undefined;
    throw error;
  }
}
