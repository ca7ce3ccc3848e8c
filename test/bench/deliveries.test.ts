import { describe, expect, it } from "vitest";
import { couldMatter } from "../../edge/routes/delivery.ts";
import { verifySignature } from "../../shared/signature.ts";
import { readWebhook } from "../../shared/webhook-event.ts";
import { PEOPLE, WEBHOOK_SECRET } from "../stage/stage.ts";
import { deliveryOf, type Told } from "./deliveries.ts";

const URL_OF_IT = new URL("http://127.0.0.1:8787/v1/teleport.example.com/webhook");

function parts(what: Told["what"]): { signature: string; raw: Buffer } {
  const text = deliveryOf({ what, incidentId: "QBENCH1" }, URL_OF_IT).toString();
  const [head = "", body = ""] = text.split("\r\n\r\n");
  return { signature: /x-pagerduty-signature: (.*)/.exec(head)?.[1] ?? "", raw: Buffer.from(body) };
}

describe("a delivery", () => {
  it.each(["approve", "deny", "acknowledged"] as const)("is signed as PagerDuty signs: %s", (what) => {
    const { signature, raw } = parts(what);
    expect(verifySignature(raw, signature, [WEBHOOK_SECRET])).toBe("valid");
  });

  it("of a command decides, by somebody, on the incident that was named", () => {
    const { raw } = parts("approve");
    expect(couldMatter(readWebhook(raw))).toBe(true);
    const agent = { id: PEOPLE.bob.id, type: "user_reference" };
    expect(readWebhook(raw)).toMatchObject({ kind: "annotated", incidentId: "QBENCH1", agent });
    expect(String(raw)).toContain('"content":"/approve ');
  });

  it("of another type does not matter", () => {
    expect(couldMatter(readWebhook(parts("acknowledged").raw))).toBe(false);
  });

  it("is another each time", () => {
    const ids = [parts("deny"), parts("deny")].map(({ raw }) => /"event":\{"id":"([^"]+)"/.exec(String(raw))?.[1]);
    expect(new Set(ids).size).toBe(2);
  });
});
