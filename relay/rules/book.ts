/**
 * The Access Monitoring Rules as Teleport last told of them: listed at the start, whenever a watch begins, and every
 * minute; kept current between by the watch, where we may watch them. Rules are optional: without the permission, or on a
 * Teleport that has none, there are simply none. What is known stays the best that is known while Teleport is away.
 */
import type { AccessRequest } from "../../shared/access-request.ts";
import type { Logger } from "../../shared/log.ts";
import { askTraits, concernsUs, type MonitoringRule, type ReadRule, readRule, recipientsFor } from "../rules.ts";
import { TeleportError } from "../teleport/error.ts";
import type { RuleHandlers, TeleportPort, Traits } from "../teleport/port.ts";
import type { Clock } from "../time/clock.ts";

/** How often the rules are listed again, in ms; as often as requests are. */
export const LIST_RULES_EVERY_MS = 60_000;

/** The wait before the rules are listed again when they could not be, in ms. */
const RETRY_MS = 1_000;

export interface RuleBookOptions {
  readonly teleport: Pick<TeleportPort, "listRules">;
  readonly clock: Clock;
  readonly log: Logger;
}

export class RuleBook implements RuleHandlers {
  readonly #options: RuleBookOptions;
  #rules = new Map<string, ReadRule>();
  /** What the watch told while a list was being read, which may be older: a rule, or null for one that was deleted. */
  #meanwhile: Map<string, MonitoringRule | null> | undefined;
  #listing: Promise<void> | undefined;
  #isStale = true;
  /** What has been said in the log, so that it is said once. */
  readonly #said = new Set<string>();

  constructor(options: RuleBookOptions) {
    this.#options = options;
  }

  /** Lists the rules now and every {@link LIST_RULES_EVERY_MS}, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.refresh();
      await this.#options.clock.sleep(this.#isStale ? RETRY_MS : LIST_RULES_EVERY_MS, signal);
    }
  }

  /** Whether the rules are known; false at the start and, until they have been listed again, after a watch has begun. */
  get isCurrent(): boolean {
    return !this.#isStale;
  }

  /** Whether some rule cannot be answered without the requester's traits. */
  get asksTraits(): boolean {
    return askTraits(this.#rules.values());
  }

  /** The services that the rules name for a request. A rule that is at fault is said so in the log, once. */
  recipientsFor(request: AccessRequest, traits: Traits): readonly string[] {
    const { recipients, faults } = recipientsFor(this.#rules.values(), request, traits);
    for (const { rule, problem } of faults) this.#blame(rule, problem);
    return recipients;
  }

  // A list that is under way may have been made before the watch stood.
  init(): void {
    this.#isStale = true;
    void (this.#listing ?? Promise.resolve()).then(() => {
      this.#isStale = true;
      return this.refresh();
    });
  }

  put(rule: MonitoringRule): void {
    this.#meanwhile?.set(rule.name, rule);
    this.#put(rule);
  }

  deleted(name: string): void {
    this.#meanwhile?.set(name, null);
    this.#rules.delete(name);
  }

  /** Lists the rules, unless that is under way. Never rejects. */
  refresh(): Promise<void> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined;
      this.#meanwhile = undefined;
    });
    return this.#listing;
  }

  async #list(): Promise<void> {
    this.#meanwhile = new Map();
    try {
      this.#replace(await this.#options.teleport.listRules());
    } catch (error) {
      if (!(error instanceof TeleportError)) throw error;
      if (error.code === "permission_denied") this.#forbidden(error);
      else
        this.#sayOnce("Access Monitoring Rules could not be listed; those known are used", { problem: error.message });
    }
  }

  #replace(listed: readonly MonitoringRule[]): void {
    const before = this.#rules;
    this.#rules = new Map();
    for (const rule of listed) {
      const known = before.get(rule.name);
      // A condition that has been read need not be read again.
      if (known?.rule.condition === rule.condition && concernsUs(rule)) this.#rules.set(rule.name, { ...known, rule });
      else this.#put(rule);
    }
    for (const [name, rule] of this.#meanwhile ?? []) {
      if (rule === null) this.#rules.delete(name);
      else this.#put(rule);
    }
    this.#isStale = false;
    this.#options.log.debug("Access Monitoring Rules listed", { rules: this.#rules.size });
  }

  #put(rule: MonitoringRule): void {
    this.#rules.delete(rule.name);
    if (!concernsUs(rule)) return;
    const read = readRule(rule);
    this.#rules.set(rule.name, read);
    if ("fault" in read.condition) this.#blame(rule.name, read.condition.fault);
  }

  #forbidden({ message }: TeleportError): void {
    this.#rules.clear();
    this.#isStale = false;
    this.#sayOnce("Access Monitoring Rules are not used: we may not list them", { problem: message });
  }

  #blame(rule: string, problem: string): void {
    this.#sayOnce("An Access Monitoring Rule is at fault and notifies nobody", { rule, problem });
  }

  #sayOnce(message: string, fields: Readonly<Record<string, string>>): void {
    const said = JSON.stringify([message, fields]);
    if (this.#said.has(said)) return;
    // Enough for any cluster; should it ever be more, it is said again.
    if (this.#said.size >= 1_000) this.#said.clear();
    this.#said.add(said);
    this.#options.log.warn(message, fields);
  }
}
