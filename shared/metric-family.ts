/** A metric as a relay tells the edge of it. Which relay it is says the edge, and nobody else. */
import * as z from "zod/mini";
import type { Family } from "./metrics.ts";
import { textOf } from "./values.ts";

const label = z.tuple([z.string().check(z.regex(/^(?!(key|relay_instance)$)[a-z]\w{0,40}$/)), textOf(0, 300)]);
const sample = z.tuple([z.array(label), z.number(), z.optional(z.enum(["_bucket", "_sum", "_count"]))]);

export const familySchema: z.ZodMiniType<Family> = z.object({
  name: z.string().check(z.regex(/^teleport_pagerduty_relay_[a-z_]{1,60}$/)),
  type: z.enum(["counter", "gauge", "histogram"]),
  help: textOf(1, 300),
  samples: z.array(sample),
});
