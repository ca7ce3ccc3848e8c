/**
 * Schemas of the plain values that frames, records and PagerDuty's answers are made of. Lengths are in UTF-16 units. Pure.
 */
import * as z from "zod/mini";

/** How many: 0, 1, 2 … */
export const countSchema = z.int().check(z.nonnegative());

/** Which of a sequence: 1, 2, 3 … */
export const ordinalSchema = z.int().check(z.positive());

/** Text that is not empty. */
export const nonEmptySchema = z.string().check(z.minLength(1));

/** Text of a length within bounds. */
export function textOf(minLength: number, maxLength: number): z.ZodMiniString<string> {
  return z.string().check(z.minLength(minLength), z.maxLength(maxLength));
}

/** Longest {@link labelSchema}. */
export const MAX_LABEL_LENGTH = 300;

/** A name, a version or an address. It is kept where there is little room. */
export const labelSchema = textOf(0, MAX_LABEL_LENGTH);

/** An id of a user, service, incident or whatever else PagerDuty gives one to, except an event. */
export const pagerDutyIdSchema = textOf(1, 64);

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** A point in time as PagerDuty writes it, RFC 3339 with any offset → milliseconds since the epoch. */
// Not `z.iso`, which brings every form of date and span into a bundle.
export const instantSchema = z.pipe(
  z.string().check(z.refine(isInstant)),
  z.transform((text) => Date.parse(text)),
);

// `Date.parse` takes the 30th of February for the 2nd of March.
function isInstant(text: string): boolean {
  const date = text.slice(0, 10);
  return RFC_3339.test(text) && Number.isFinite(Date.parse(text)) && new Date(date).toISOString().slice(0, 10) === date;
}

/** What a schema reads; `fallback` for what is missing or what it cannot read. */
// Not `z.catch`, which brings the whole of zod's inner workings into a bundle.
export function orElse<Read, Fallback>(
  schema: z.ZodMiniType<Read>,
  fallback: Fallback,
): z.ZodMiniPipe<z.ZodMiniOptional<z.ZodMiniUnknown>, z.ZodMiniTransform<Read | Fallback>> {
  const read = (value: unknown): Read | Fallback => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : fallback;
  };
  return z.pipe(z.optional(z.unknown()), z.transform(read));
}
