/** One line of `teleport-pagerduty check` as the relay makes it. */
import type { Check } from "../../../shared/check.ts";

/** A check, with the Teleport role that mends it (YAML) when a permission is missing. */
export type CheckResult = Check & { readonly role?: string };

/** Checks as they are made, one after the other; whoever prints them need not wait for the last. */
export type Checks<Found = void> = AsyncGenerator<CheckResult, Found, void>;
