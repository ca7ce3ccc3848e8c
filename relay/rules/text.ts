/**
 * What conditions do to strings, as Go does it: by code points, not by UTF-16 units, and without special casing. Pure.
 */
import type { Budget } from "./budget.ts";
import { ConditionFault } from "./fault.ts";
import { Instant } from "./value.ts";

/** Go's `strings.ToUpper`: each character by itself, so that ß stays. */
export function upperCase(text: string): string {
  return Array.from(text, (character) => {
    const upper = character.toUpperCase();
    return Array.from(upper).length === 1 ? upper : character;
  }).join("");
}

/** Go's `strings.ToLower`: each character by itself. */
export function lowerCase(text: string): string {
  return Array.from(text, (character) => Array.from(character.toLowerCase())[0] ?? "").join("");
}

/** Go's `strings.ReplaceAll`: an empty match is before each character and at the end. */
export function replaceAll(text: string, match: string, replacement: string, budget: Budget): string {
  const pieces = match === "" ? ["", ...text, ""] : text.split(match);
  budget.spend(text.length + pieces.length * (replacement.length + 1));
  return pieces.join(replacement);
}

/** Go's `strings.Split`: an empty separator is between all characters. */
export function split(text: string, separator: string, budget: Budget): string[] {
  budget.spend(text.length + 1);
  return separator === "" ? [...text] : text.split(separator);
}

const ADDRESS = /^(?:[^<>]*<([^<>@\s]+)@([^<>@\s]+)>|([^<>@\s]+)@([^<>@\s]+))$/;

/** What is before the `@` of `name@domain`, or of `Somebody <name@domain>`. Quoted local parts are not read. */
export function emailLocal(text: string): string {
  const [, named, , bare] = ADDRESS.exec(text.trim()) ?? [];
  const local = named ?? bare;
  if (local !== undefined && !/[",:;()[\]\\]/.test(local)) return local;
  throw new ConditionFault("email.local is given what is no e-mail address.");
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,30}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** The point in time that an RFC 3339 string names; read as strictly as Go reads it. */
export function rfc3339Time(text: string): Instant {
  const [, year, month, day, hour, minute, second, fraction = "0", sign, offsetHours = "0", offsetMinutes = "0"] =
    RFC3339.exec(text) ?? [];
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDate = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  const isOffset = Number(offsetHours) < 24 && Number(offsetMinutes) < 60;
  if (!isDate || !isTime || !isOffset) throw new ConditionFault("time.RFC3339 is given what is no such time.");
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Number(`0.${fraction}`);
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === "-" ? -60 : 60);
  return new Instant(date.getTime() + (seconds - offset) * 1000);
}
