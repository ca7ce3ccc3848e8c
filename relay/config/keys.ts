/** The keys of the configuration as a list, for the example and for the tables in the documentation. Pure. */
import * as z from "zod";
import { sections } from "./schema.ts";

export interface ConfigKey {
  readonly section: string;
  readonly name: string;
  readonly meaning: string;
  readonly required: boolean;
  /** The default as it would be written in the file; undefined when there is none. */
  readonly default: unknown;
  /** What the example shows. */
  readonly example: unknown;
}

const metaSchema = z.object({
  description: z.string(),
  default: z.unknown().optional(),
  example: z.unknown().optional(),
  deprecated: z.boolean().default(false),
});

/** Every key in the order of the example; without those that only stand for another. */
export function configKeys(): ConfigKey[] {
  return Object.entries(sections).flatMap(([section, schema]) =>
    Object.entries(schema.shape).flatMap(([name, key]) => {
      const meta = metaSchema.parse(key.meta());
      if (meta.deprecated) return [];
      const written = meta.default ?? defaultOf(key);
      const required = !key.safeParse(undefined).success;
      return [
        { section, name, meaning: meta.description, required, default: written, example: meta.example ?? written },
      ];
    }),
  );
}

function defaultOf(key: z.core.$ZodType): unknown {
  return key instanceof z.ZodDefault || key instanceof z.ZodPrefault ? key.def.defaultValue : undefined;
}

/** A value as TOML writes it. */
export function tomlOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlOf).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value).map(([key, item]) => `${key} = ${tomlOf(item)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return JSON.stringify(value);
}
