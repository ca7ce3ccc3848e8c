/** Whether the TOML in the documents is what the programs read, as far as each piece goes. */
import { parse } from "smol-toml";
import { clusterEntrySchema } from "../../edge/config/cluster-schema.ts";
import { readOldConfig } from "../../relay/commands/migrate/old-config.ts";
import { sections } from "../../relay/config/schema.ts";

/** Every key of a piece that its program does not know or would refuse; a piece need not be whole. */
export function faultsIn(text: string): string[] {
  const document: Record<string, unknown> = parse(text);
  if ("pagerduty" in document) return readOldConfig(text).kind === "config" ? [] : ["not of the Go plugin"];
  return Object.entries(document).flatMap(([name, value]) =>
    name === "vars" ? clusterFaults(value) : keyFaults(name, value, shapeOf(name)),
  );
}

type Shape = Readonly<Record<string, { safeParse(value: unknown): { success: boolean } }>>;

function shapeOf(section: string): Shape {
  return Object.entries(sections).find(([name]) => name === section)?.[1].shape ?? {};
}

function clusterFaults(vars: unknown): string[] {
  const clusters = Object.entries(Object(Object(vars).CLUSTERS));
  return clusters.flatMap(([name, cluster]) => keyFaults(name, cluster, clusterEntrySchema.shape));
}

function keyFaults(section: string, values: unknown, shape: Shape): string[] {
  return Object.entries(Object(values)).flatMap(([key, value]) =>
    shape[key]?.safeParse(value).success === true ? [] : [`${section}.${key}`],
  );
}
