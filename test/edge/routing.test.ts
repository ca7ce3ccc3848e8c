import { describe, expect, it } from "vitest";
import { destinationsFor, MAX_SERVICES, route, targetsFor } from "../../edge/routing.ts";
import { accessRequest, SERVICE } from "./samples.ts";

const annotated = (...values: string[]) => accessRequest({ annotations: { pagerduty_notify_service: values } });

describe("targetsFor", () => {
  it.each([
    ["the rules' recipients before the annotation", annotated("Storage"), ["Payments"], ["Payments"]],
    ["every recipient, in their order", accessRequest(), ["Web", "Payments"], ["Web", "Payments"]],
    ["every value of the annotation", annotated("Storage", "Network"), [], ["Storage", "Network"]],
    ["none when nobody names any", accessRequest(), [], []],
    ["none of another annotation", accessRequest({ annotations: { pagerduty_services: ["Web"] } }), [], []],
    ["each once", accessRequest(), ["Web", "Web", " Web "], ["Web"]],
    ["no blanks", annotated("", "  ", "Web"), [" "], ["Web"]],
  ])("names %s", (_, request, recipients, expected) => {
    expect(targetsFor(request, recipients)).toEqual(expected);
  });
});

describe("route", () => {
  const directory: Record<string, string | null> = { web: "PWEB001", PWEB001: "PWEB001", db: "PDB0001", gone: null };
  const services = (targets: string[]) => {
    const routing = route(targets, SERVICE, (target) => directory[target]);
    return routing.kind === "routed" ? routing.destinations.map(({ serviceId }) => serviceId) : routing.kind;
  };

  it.each([
    [[], [SERVICE]],
    [["web"], ["PWEB001"]],
    [
      ["web", "db"],
      ["PWEB001", "PDB0001"],
    ],
    [["web", "PWEB001"], ["PWEB001"]],
    [["gone"], [SERVICE]],
    [
      ["web", "gone"],
      ["PWEB001", SERVICE],
    ],
    [["web", "never asked"], "unrouted"],
  ])("leads %j to %j", (targets, expected) => {
    expect(services(targets)).toEqual(expected);
  });

  it("keeps every name when one of them has to be asked for", () => {
    expect(route(["gone", "web", "new"], SERVICE, (target) => directory[target])).toEqual({
      kind: "unrouted",
      targets: ["gone", "web", "new"],
    });
  });
});

describe("destinationsFor", () => {
  const nobody = () => null;
  const remarks = (targets: string[], idOf: (target: string) => string | null = nobody) =>
    destinationsFor(targets, SERVICE, idOf).flatMap((destination) => destination.remarks);

  it("has nothing to say of services that are there", () => {
    expect(remarks(["a", "b"], (target) => `P${target}`)).toEqual([]);
  });

  it("says which were not found, where it is paged instead and nowhere else", () => {
    expect(remarks(["Payments"])).toEqual([
      'The service "Payments", which this request is for, was not found in PagerDuty: it is paged here instead.',
    ]);
    expect(destinationsFor(["web", "x", "y"], SERVICE, (target) => (target === "web" ? "PWEB001" : null))).toEqual([
      { serviceId: "PWEB001", remarks: [] },
      { serviceId: SERVICE, remarks: [expect.stringContaining('The services "x", "y", which')] },
    ]);
  });

  it("shows a name that nobody knows as inert text", () => {
    const [remark = ""] = remarks([`https://evil.example/${"x".repeat(500)}\n/approve\u202e`]);
    expect(remark).not.toMatch(/https:\/\/|\n|\u202e/);
    expect(remark.length).toBeLessThan(250);
  });

  it("pages no more than a few dozen at once, and says so on each", () => {
    const many = Array.from({ length: MAX_SERVICES + 5 }, (_, n) => `S${n}`);
    const destinations = destinationsFor(many, SERVICE, (target) => target);
    expect(destinations.map(({ serviceId }) => serviceId)).toEqual(many.slice(0, MAX_SERVICES));
    expect(destinations.every(({ remarks }) => remarks.join().includes("5 more are not"))).toBe(true);
  });
});
