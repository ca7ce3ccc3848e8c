/** One line of `teleport-pagerduty check`, as both halves write it. Holds no secret. */
import * as z from "zod/mini";

export const checkSchema = z.object({
  /** What was checked, a few words. */
  name: z.string(),
  ok: z.boolean(),
  /** What was found, and what to do when it is not as it should be: sentences on one line. */
  detail: z.string(),
});
export type Check = z.infer<typeof checkSchema>;

/** The answer of `POST /v1/:cluster/check`. */
export const checksSchema = z.object({ checks: z.array(checkSchema) });

/** A check that found all as it should be. */
export function passed(name: string, detail: string): Check {
  return { name, ok: true, detail };
}

/** A check that did not; `detail` says what to do. */
export function failed(name: string, detail: string): Check {
  return { name, ok: false, detail };
}
