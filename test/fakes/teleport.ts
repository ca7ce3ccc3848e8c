// A stand-in Teleport Auth Service: a real gRPC server over mTLS with its own authorities, which behaves like the real
// servers that were observed, in one of four releases. Holds all state in memory; `stop` and `restart` keep it. The
// direct calls act as an admin does, past every right; what they cannot do they throw.

import { create } from "@bufbuild/protobuf";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { AccessMonitoringRule } from "../../relay/gen/access-monitoring-rules_pb.ts";
import {
  type AccessRequest,
  AccessReviewSchema,
  Operation,
  PluginDataUpdateParamsSchema,
  RequestState,
  RequestStateSetterSchema,
} from "../../relay/gen/teleport_pb.ts";
import { Authority, type IdentityRequest, type IssuedIdentity } from "./teleport/authority.ts";
import { type Cluster, newCluster } from "./teleport/cluster.ts";
import type { FaultMoment } from "./teleport/faults.ts";
import { type IdentityPaths, writeIdentity } from "./teleport/identity-files.ts";
import type { ResourceInit, RuleInit } from "./teleport/inventory.ts";
import type { RecordedCall, RpcName, RpcRequest, WaitOptions } from "./teleport/journal.ts";
import { type FakeTeleportOptions, type NewRequest, requestMessageFor } from "./teleport/options.ts";
import { Refusal } from "./teleport/refusal.ts";
import { RequestWaits } from "./teleport/request-waits.ts";
import { authServiceFor, rulesServiceFor } from "./teleport/rpc.ts";
import { Transport } from "./teleport/transport.ts";
import type { UserInit, Users } from "./teleport/users.ts";
import { BEHAVIOURS } from "./teleport/versions.ts";

/** What an admin says with a decision. */
export interface Resolution {
  readonly reason?: string;
  readonly delegator?: string;
  readonly roles?: readonly string[];
}

/** A review by somebody; the author needs no user in the cluster. */
export interface DirectReview {
  readonly author: string;
  readonly state: RequestState;
  readonly reason?: string;
}

const DEFAULT_MIN_PING_MS = 60_000;
const PLUGIN_USER = "access-plugin";

/** One cluster with one Auth Service. */
export class FakeTeleport {
  readonly #options: FakeTeleportOptions;
  readonly #authority: Authority;
  readonly #transport: Transport;
  readonly #cluster: Cluster;
  readonly #now: () => number;
  readonly #waits: RequestWaits;
  #server: Server | undefined;

  private constructor(options: FakeTeleportOptions, authority: Authority, transport: Transport) {
    this.#options = options;
    this.#authority = authority;
    this.#transport = transport;
    this.#now = options.now ?? Date.now;
    this.#waits = new RequestWaits((id) => this.#cluster.requests.get(id));
    this.#cluster = newCluster(authority.clusterName, options, transport, (id, request) => {
      this.#waits.changed(id, request);
      options.changed?.(id, request);
    });
  }

  /** Starts a server on a free port, with fresh authorities and an empty cluster. */
  static async start(options: FakeTeleportOptions = {}): Promise<FakeTeleport> {
    const authority = await Authority.create(options.clusterName ?? "teleport.example.com", options.keys ?? "ec");
    const transport = new Transport(
      {
        host: options.host ?? "127.0.0.1",
        certificate: await authority.issueServer(options.nodeName ?? "auth1"),
        trusted: [authority.userCa],
        clusterName: authority.clusterName,
        refusesMalformedServerName: BEHAVIOURS[options.version ?? "7.0"].refusesMalformedServerName,
        pings: { minTimeMs: options.minPingMs ?? DEFAULT_MIN_PING_MS, now: () => performance.now() },
      },
      options.port ?? 0,
    );
    const teleport = new FakeTeleport(options, authority, transport);
    await teleport.restart();
    return teleport;
  }

  /** The cluster's users and their rights. */
  get users(): Users {
    return this.#cluster.users;
  }

  get clusterName(): string {
    return this.#authority.clusterName;
  }

  get port(): number {
    return this.#transport.port;
  }

  /** `host:port` to dial. */
  get address(): string {
    return `${this.#options.host ?? "127.0.0.1"}:${this.port}`;
  }

  /** Cuts every connection and closes the port, as a killed process does. State and authorities stay. */
  async stop(): Promise<void> {
    this.#cluster.watchers.end(new Refusal(status.UNAVAILABLE, "Connection dropped"));
    await this.#transport.stop();
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /** Listens again on the same port, after stopping if need be. */
  async restart(): Promise<void> {
    await this.stop();
    const server = new Server();
    for (const service of [authServiceFor(this.#cluster), rulesServiceFor(this.#cluster)]) {
      server.addService(service.definition, { ...service.handlers });
    }
    await this.#transport.listen(server.createConnectionInjector(ServerCredentials.createInsecure()));
    this.#server = server;
  }

  /** Stops for good: no timer and no socket is left. */
  async close(): Promise<void> {
    this.#cluster.faults.clear();
    await this.stop();
    this.#cluster.requests.close();
  }

  /** Cuts every connection and keeps listening. */
  dropConnections(): void {
    this.#transport.dropConnections();
  }

  // ---- Identities

  /** A certificate of the user CA. A user that the cluster does not have yet is added with the default rights. */
  async issueIdentity(request: Partial<IdentityRequest> = {}): Promise<IssuedIdentity> {
    const { user = PLUGIN_USER, roles = [PLUGIN_USER] } = request;
    if (!this.users.has(user)) {
      this.users.add(user);
    }
    return this.#authority.issueIdentity({ ...request, user, roles });
  }

  /** Lets the end of a certificate (PEM) have come: its connections are cut, and new ones with it are refused. */
  endCertificate(certificate: string): void {
    this.#transport.refuse(certificate);
  }

  /**
   * Rotates the host CA: new connections are shown a certificate of the new one, and identities from here on trust both,
   * the old one included.
   */
  async rotateHostAuthority(): Promise<void> {
    await this.#authority.rotateHost();
    this.#transport.useCertificate(await this.#authority.issueServer(this.#options.nodeName ?? "auth1"));
  }

  /** Writes an identity in both layouts; without one, a new identity of `access-plugin`. */
  async writeIdentityFiles(directory: string, issued?: IssuedIdentity): Promise<IdentityPaths> {
    return writeIdentity(directory, issued ?? (await this.issueIdentity()));
  }

  /** Adds or replaces a user. */
  addUser(name: string, init?: UserInit): void {
    this.users.add(name, init);
  }

  // ---- Requests, as an admin

  createRequest(request: NewRequest = {}): AccessRequest {
    return orThrow(this.#cluster.requests.create(requestMessageFor(request, this.#now()), request.pendingTtlMs));
  }

  /** As `tctl request approve|deny`. PROMOTED and unknown states are forced. */
  resolve(id: string, state: RequestState, resolution: Resolution = {}): void {
    if (state > RequestState.DENIED) {
      this.#cluster.requests.force(id, state);
      return;
    }
    const { reason = "", delegator = "", roles = [] } = resolution;
    const setter = create(RequestStateSetterSchema, { id, state, reason, delegator, roles: [...roles] });
    orThrow(this.#cluster.requests.setState(setter));
  }

  review(id: string, review: DirectReview): AccessRequest {
    const { author, state: proposedState, reason = "" } = review;
    const message = create(AccessReviewSchema, { author, proposedState, reason });
    return orThrow(this.#cluster.requests.review(id, message, author));
  }

  /** Removes a request; throws if there is none. */
  delete(id: string): void {
    if (!this.#cluster.requests.delete(id)) {
      throw new Error(`the stand-in has no access request "${id}"`);
    }
  }

  /** Lets a request's record end now, as its time would. */
  expire(id: string): void {
    this.delete(id);
  }

  /** Sends the unchanged record once more. */
  repeatPut(id: string): void {
    this.#cluster.requests.repeat(id);
  }

  /** The record as it is, or undefined. Never changes once handed out. */
  request(id: string): AccessRequest | undefined {
    return this.#cluster.requests.get(id);
  }

  /** All records, sorted by id. */
  requests(): AccessRequest[] {
    return this.#cluster.requests.list(undefined);
  }

  /** What a plugin stored for a request; empty if nothing. */
  pluginData(requestId: string, plugin = "pagerduty"): Readonly<Record<string, string>> {
    return this.#cluster.pluginData.read(requestId, plugin);
  }

  /** Has a plugin have stored this for a request, beside what it has. */
  storePluginData(requestId: string, data: Readonly<Record<string, string>>, plugin = "pagerduty"): void {
    const params = { kind: "access_request", resource: requestId, plugin, set: { ...data } };
    const message = create(PluginDataUpdateParamsSchema, params);
    const refusal = this.#cluster.pluginData.update(message, this.request(requestId));
    if (refusal !== undefined) throw new Error(refusal.message);
  }

  // ---- What else the cluster holds

  addResource(resource: ResourceInit): void {
    this.#cluster.inventory.addResource(resource);
  }

  putRule(init: RuleInit): AccessMonitoringRule {
    const value = this.#cluster.inventory.putRule(init);
    const resource = { case: "accessMonitoringRule" as const, value };
    this.#cluster.watchers.send("access_monitoring_rule", { type: Operation.PUT, resource });
    return value;
  }

  deleteRule(name: string): void {
    if (this.#cluster.inventory.deleteRule(name)) {
      this.#cluster.watchers.delete("access_monitoring_rule", "", "v1", name);
    }
  }

  // ---- What was seen

  /** The calls received, oldest first; bounded by `keptCalls`. */
  get calls(): readonly RecordedCall[] {
    return this.#cluster.journal.calls;
  }

  /** The number of calls ever received, to wait only for later ones. */
  get sequence(): number {
    return this.#cluster.journal.sequence;
  }

  /** Open connections and watches. */
  get open(): { readonly connections: number; readonly watches: number } {
    return { connections: this.#transport.connectionCount, watches: this.#cluster.watchers.count };
  }

  /** Events that wait to be sent to watches. */
  get queuedEvents(): number {
    return this.#cluster.watchers.queuedEvents;
  }

  /** The first call that matches, received or to come. Rejects, by default after 5 s, with what came instead. */
  waitForCall<Name extends RpcName>(
    rpc: Name,
    predicate?: (request: RpcRequest<Name>, call: RecordedCall<Name>) => boolean,
    options?: WaitOptions,
  ): Promise<RecordedCall<Name>> {
    return this.#cluster.journal.wait(rpc, predicate, options);
  }

  /** Resolves once `predicate` holds for the record (undefined: gone). Rejects, by default after 5 s, with what it is. */
  waitForRequest(
    id: string,
    predicate: (request: AccessRequest | undefined) => boolean,
    timeoutMs?: number,
  ): Promise<AccessRequest | undefined> {
    return this.#waits.wait(id, predicate, timeoutMs);
  }

  // ---- Faults

  /** The next `times` calls fail, before their effect or after it. */
  failNext(rpc: RpcName, code: status, message = "", times = 1, moment: FaultMoment = "before"): void {
    this.#cluster.faults.failNext(rpc, new Refusal(code, message), times, moment);
  }

  /** Calls hang until `release`, before their effect or after it. A watch that hangs sends no INIT. */
  hang(rpc: RpcName, moment: FaultMoment = "before"): void {
    this.#cluster.faults.hang(rpc, moment);
  }

  release(rpc: RpcName): void {
    this.#cluster.faults.release(rpc);
  }

  /** Forgets every failure and hang. */
  clearFaults(): void {
    this.#cluster.faults.clear();
  }

  /** Ends every open watch; `status.OK` ends the streams without an error, as 4.2.8 does. */
  dropWatches(code: status = status.UNAVAILABLE, message = "Connection dropped"): void {
    this.#cluster.watchers.end(new Refusal(code, message));
  }

  /** How long INIT of later watches takes. */
  delayInit(ms: number): void {
    this.#cluster.initDelayMs = ms;
  }
}

function orThrow<Value>(value: Value | Refusal): Value {
  if (value instanceof Refusal) {
    throw new Error(`${status[value.code]}: ${value.message}`);
  }
  return value;
}
