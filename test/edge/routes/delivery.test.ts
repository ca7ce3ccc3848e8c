import { describe, expect, it } from "vitest";
import { couldMatter } from "../../../edge/routes/delivery.ts";
import { readWebhook } from "../../../shared/webhook-event.ts";
import acknowledged from "../../fixtures/v3-incident.acknowledged.json?raw";
import approve from "../../fixtures/v3-incident.annotated.approve.json?raw";
import resolutionNote from "../../fixtures/v3-incident.annotated.resolution-note.json?raw";
import fieldValues from "../../fixtures/v3-incident.custom_field_values.updated.json?raw";
import byIntegration from "../../fixtures/v3-incident.resolved.by-integration.json?raw";
import resolved from "../../fixtures/v3-incident.resolved.json?raw";
import merged from "../../fixtures/v3-incident.resolved.merged.json?raw";
import replied from "../../fixtures/v3-incident.responder.replied.json?raw";
import triggered from "../../fixtures/v3-incident.triggered.json?raw";
import workflow from "../../fixtures/v3-incident.workflow.started.json?raw";
import ping from "../../fixtures/v3-pagey.ping.json?raw";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The fixture's annotated event with another text. */
function noteSaying(content: string): string {
  const value: { event: { data: { content: string } } } = JSON.parse(approve);
  value.event.data.content = content;
  return JSON.stringify(value);
}

describe("couldMatter", () => {
  it.each([
    ["a ping", ping, false],
    ["triggered", triggered, false],
    ["acknowledged", acknowledged, false],
    ["a responder's reply", replied, false],
    ["a resolution note without a command", resolutionNote, false],
    ["resolved by a person", resolved, true],
    ["resolved by an integration", byIntegration, true],
    ["resolved by a merge", merged, true],
    ["a workflow's start", workflow, true],
    ["a field that was set to a verdict", fieldValues, true],
    ["a field that was set to something else", fieldValues.replaceAll('"approve"', '"pending"'), false],
    [
      "a field beside one that has a verdict",
      fieldValues
        .replaceAll("PFREQ1D", "PX")
        .replace(
          '[{"data_type":"string","field_type":"single_value_fixed","id":"PFDEC1S","name":"teleport_decision","namespace":"incidents","type":"field_value","value":"pending"}]',
          '[{"id":"PX"}]',
        ),
      false,
    ],
    ["a resolution note with a command", noteSaying("Resolution Note: /deny"), true],
    ["a note with a command", noteSaying("/deny not today"), true],
    ["a note with a mistyped command", noteSaying("/aprove"), true],
    ["a note that quotes a command", noteSaying("please write /approve"), false],
    ["an array", "[]", false],
    ["nothing", "", false],
  ])("judges %s", (_, text, expected) => {
    expect(couldMatter(readWebhook(bytesOf(text)))).toBe(expected);
  });

  it("bears bytes that are no text", () => {
    expect(couldMatter(readWebhook(Uint8Array.of(0xff, 0xfe, 0x00)))).toBe(false);
  });
});
