/** On-call auto-approval, as far as both halves must agree on it. Pure. */

/** The annotation whose values name services: whoever is on call for one of them is approved by that. */
export const ON_CALL_ANNOTATION = "pagerduty_services";

/** What stands for the click in Teleport, which nobody made; PagerDuty gives no such id. */
export const AUTO_CLICK_ID = "auto";

/** Why such a request is approved, in the predecessor's words. */
export function autoApprovalReason(user: string, services: readonly string[]): string {
  return `Access requested by ${user} who is on call in service(s) ${services.join(",")}`;
}

/** Whether somebody is on call at a level that counts: at any for 0, else at 1 to N. */
export function isOnCallWithin(levels: readonly number[], onCallLevels: number): boolean {
  return levels.some((level) => level >= 1 && (onCallLevels === 0 || level <= onCallLevels));
}
