/** A service that is paged, and the user that we write as: whether both suit. */
import { type Check, failed, passed } from "../../shared/check.ts";
import type { Service } from "../pagerduty/answers.ts";
import { isPagerDutyError } from "../pagerduty/error.ts";
import type { PagerDuty } from "../pagerduty.ts";
import { attempt } from "./attempt.ts";

const USER_EMAIL = "user_email";

/** A service as it was found; undefined when it could not be read. */
export interface ServiceCheck {
  readonly check: Check;
  readonly service: Service | undefined;
}

/** Whether a service exists, and leaves its incidents open until we resolve them. */
export async function checkService(serviceId: string, pagerDuty: PagerDuty): Promise<ServiceCheck> {
  const name = `service ${serviceId}`;
  let service: Service | undefined;
  const check = await attempt(name, async () => {
    try {
      service = await pagerDuty.service(serviceId);
    } catch (error) {
      if (!isPagerDutyError(error) || error.code !== "not_found") throw error;
      return failed(name, `PagerDuty has no service ${serviceId}. Correct service_id, or the request's annotation.`);
    }
    const { name: title, autoResolveSeconds } = service;
    if (autoResolveSeconds === null) return passed(name, `"${title}" exists and does not resolve by itself.`);
    return failed(
      name,
      `"${title}" resolves its incidents by itself after ${spanOf(autoResolveSeconds)}, decided or not. Turn auto-resolve off in the service's settings.`,
    );
  });
  return { check, service };
}

/** Whether the user that we write as exists, and decides nothing: what it writes never counts as a decision. */
export function checkBot(
  email: string,
  services: readonly Service[],
  { pagerDuty, nowMs }: { pagerDuty: PagerDuty; nowMs: number },
): Promise<Check> {
  return attempt(USER_EMAIL, async () => {
    const bot = await pagerDuty.userByEmail(email);
    if (bot === undefined) {
      return failed(USER_EMAIL, `PagerDuty has no user with the e-mail address ${email}. Create one, or correct it.`);
    }
    for (const { name, escalationPolicyId } of services) {
      if (escalationPolicyId === null) continue;
      const levels = await pagerDuty.onCallLevels({ userId: bot.id, escalationPolicyId, atMs: nowMs });
      if (levels.length > 0) {
        return failed(
          USER_EMAIL,
          `${email} is on call for "${name}", but what it writes never decides. Make user_email a user of its own, or take it out of the escalation policy.`,
        );
      }
    }
    return passed(USER_EMAIL, `${email} exists (${bot.id}) and is on call for none of the services.`);
  });
}

function spanOf(seconds: number): string {
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${Math.round(seconds / 60)} min`;
}
