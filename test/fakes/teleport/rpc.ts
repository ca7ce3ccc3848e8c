// The RPCs as grpc-js handlers: who calls, what is recorded, which fault strikes, and then the answer.

import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type handleUnaryCall, type ServerWritableStream, status } from "@grpc/grpc-js";
import { AccessMonitoringRulesService } from "../../../relay/gen/access-monitoring-rules_pb.ts";
import {
  type AccessRequestFilter,
  AuthService,
  Operation,
  type Watch,
  type WatchKind,
} from "../../../relay/gen/teleport_pb.ts";
import { type HandlersFor, serviceDefinitionFor } from "../../../relay/teleport/grpc-service.ts";
import { type Answer, answersFor, listFor, type UnaryName } from "./answers.ts";
import type { Cluster } from "./cluster.ts";
import type { OpenCall, RpcName, RpcRequest } from "./journal.ts";
import { accessDenied, Refusal } from "./refusal.ts";
import type { Caller } from "./transport.ts";
import { checkWatch, type EventInit, type WatchCall } from "./watchers.ts";

type Methods = (typeof AuthService)["method"] & (typeof AccessMonitoringRulesService)["method"];
type Input<Name extends keyof Methods> = MessageShape<Methods[Name]["input"]>;
type Output<Name extends keyof Methods> = MessageInitShape<Methods[Name]["output"]>;

/** The definition and the handlers of `proto.AuthService`, for `Server.addService`. */
export function authServiceFor(cluster: Cluster) {
  const answers = answersFor(cluster);
  const unary = <Name extends UnaryName>(rpc: Name) => unaryHandlerFor(cluster, rpc, answers[rpc]);
  const handlers: HandlersFor<typeof AuthService> = {
    ping: unary("ping"),
    getAccessRequests: unary("getAccessRequests"),
    listAccessRequests: unary("listAccessRequests"),
    createAccessRequest: unary("createAccessRequest"),
    createAccessRequestV2: unary("createAccessRequestV2"),
    deleteAccessRequest: unary("deleteAccessRequest"),
    setAccessRequestState: unary("setAccessRequestState"),
    submitAccessReview: unary("submitAccessReview"),
    getPluginData: unary("getPluginData"),
    updatePluginData: unary("updatePluginData"),
    getUser: unary("getUser"),
    listResources: unary("listResources"),
    watchEvents: (call) => void openWatch(cluster, call),
    getAccessRequestsV2: (call) => void streamRequests(cluster, call),
  };
  return { definition: serviceDefinitionFor(AuthService), handlers };
}

/** The same for `teleport.accessmonitoringrules.v1.AccessMonitoringRulesService`. */
export function rulesServiceFor(cluster: Cluster) {
  const answers = answersFor(cluster);
  const unary = <Name extends UnaryName>(rpc: Name) => unaryHandlerFor(cluster, rpc, answers[rpc]);
  const handlers: HandlersFor<typeof AccessMonitoringRulesService> = {
    listAccessMonitoringRules: unary("listAccessMonitoringRules"),
    listAccessMonitoringRulesWithFilter: unary("listAccessMonitoringRulesWithFilter"),
  };
  return { definition: serviceDefinitionFor(AccessMonitoringRulesService), handlers };
}

function unaryHandlerFor<Name extends UnaryName>(
  cluster: Cluster,
  rpc: Name,
  answer: Answer<Name>,
): handleUnaryCall<Input<Name>, Output<Name>> {
  return (call, callback) => {
    const { caller, open } = receive(cluster, rpc, call);
    const run = async () => {
      const answered: Output<Name> | Refusal = (await admit(cluster, rpc, caller)) ?? answer(call.request, caller);
      const result: Output<Name> | Refusal = (await afterEffect(cluster, rpc)) ?? answered;
      open.answered(result instanceof Refusal ? result.code : status.OK);
      if (result instanceof Refusal) {
        callback({ code: result.code, details: result.message });
      } else {
        callback(null, result);
      }
    };
    void run();
  };
}

async function streamRequests(
  cluster: Cluster,
  call: ServerWritableStream<AccessRequestFilter, MessageInit>,
): Promise<void> {
  const { caller, open } = receive(cluster, "getAccessRequestsV2", call);
  const listed = (await admit(cluster, "getAccessRequestsV2", caller)) ?? listFor(cluster, call.request, caller);
  if (listed instanceof Refusal) {
    refuse(call, open, listed);
    return;
  }
  for (const request of listed) {
    call.write(request);
  }
  const late = await afterEffect(cluster, "getAccessRequestsV2");
  if (late === undefined) {
    open.answered(status.OK);
    call.end();
  } else {
    refuse(call, open, late);
  }
}

type MessageInit = Output<"getAccessRequestsV2">;

async function openWatch(cluster: Cluster, call: WatchCall): Promise<void> {
  const { caller, open } = receive(cluster, "watchEvents", call);
  const kinds = (await admit(cluster, "watchEvents", caller)) ?? kindsFor(cluster, call.request, caller);
  if (kinds instanceof Refusal) {
    refuse(call, open, kinds);
    return;
  }
  call.on("cancelled", () => open.answered(status.CANCELLED));
  await delay(cluster.initDelayMs);
  if (!call.cancelled) {
    cluster.watchers.open(call, kinds, initFor(cluster));
  }
}

/** The kinds that a caller may watch. One refused kind refuses all, unless partial success counts and is asked for. */
function kindsFor(cluster: Cluster, watch: Watch, caller: Caller): readonly WatchKind[] | Refusal {
  if (watch.kinds.length === 0) {
    return accessDenied("can't setup global watch");
  }
  const wrong = checkWatch(watch.kinds);
  if (wrong !== undefined) {
    return wrong;
  }
  const known = cluster.behaviour.confirmsWatch ? ["access_request", "access_monitoring_rule"] : ["access_request"];
  const refusalFor = ({ kind }: WatchKind) =>
    known.includes(kind)
      ? cluster.users.check(caller, kind, "read")
      : accessDenied(`access denied to perform action "read" on "${kind}"`);
  const refusals = watch.kinds.map(refusalFor);
  const allowed = watch.kinds.filter((_, index) => refusals[index] === undefined);
  const mayDrop = cluster.behaviour.confirmsWatch && watch.allowPartialSuccess && allowed.length > 0;
  return mayDrop ? allowed : (refusals.find((refusal) => refusal !== undefined) ?? watch.kinds);
}

function initFor(cluster: Cluster): EventInit {
  if (!cluster.behaviour.confirmsWatch) {
    return { type: Operation.INIT };
  }
  const value = { kind: "watch_status", version: "v1" };
  return { type: Operation.INIT, resource: { case: "watchStatus", value } };
}

function receive<Name extends RpcName>(
  cluster: Cluster,
  rpc: Name,
  call: { readonly request: RpcRequest<Name>; getPeer(): string },
): { readonly caller: Caller; readonly open: OpenCall } {
  const caller = cluster.callerOf(call.getPeer());
  return { caller, open: cluster.journal.record(rpc, call.request, caller) };
}

async function admit(cluster: Cluster, rpc: RpcName, caller: Caller): Promise<Refusal | undefined> {
  await cluster.faults.held(rpc, "before");
  const fault = cluster.faults.take(rpc, "before");
  if (fault !== undefined) {
    return fault;
  }
  return cluster.behaviour.unimplemented.has(rpc) ? unimplemented(rpc) : cluster.users.admit(caller, rpc);
}

async function afterEffect(cluster: Cluster, rpc: RpcName): Promise<Refusal | undefined> {
  await cluster.faults.held(rpc, "after");
  return cluster.faults.take(rpc, "after");
}

function unimplemented(rpc: RpcName): Refusal {
  const message =
    rpc === "createAccessRequest"
      ? "CreateAccessRequest API has changed, please update your client to v14 or newer"
      : `unknown method ${rpc[0]?.toUpperCase()}${rpc.slice(1)}`;
  return new Refusal(status.UNIMPLEMENTED, message);
}

function refuse(call: { emit(name: "error", error: object): boolean }, open: OpenCall, refusal: Refusal): void {
  open.answered(refusal.code);
  call.emit("error", { code: refusal.code, details: refusal.message });
}

function delay(ms: number): Promise<void> | undefined {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : undefined;
}
