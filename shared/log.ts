/**
 * Logging for both halves: one line a record, as text or JSON, with the ids that it concerns. A value under a key that
 * names a secret is never written. Where lines go comes from outside.
 */

/** Least urgent last. */
export const LOG_SEVERITIES = ["error", "warn", "info", "debug", "trace"] as const;
export type LogSeverity = (typeof LOG_SEVERITIES)[number];

/** What a line is about: `requestId`, `incidentId`, `clickId` and whatever else helps. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Logger = Readonly<Record<LogSeverity, (message: string, fields?: LogFields) => void>>;

export interface LogOptions {
  readonly severity: LogSeverity;
  readonly format: "text" | "json";
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Takes one line without its line break. */
  readonly write: (line: string) => void;
}

const SECRET_KEY = /secret|token|passw|passphrase|credential|cookie|authorization|api_?key|private|signature/i;

/** A logger that writes what is at least as urgent as `severity`. */
export function createLogger({ severity, format, now, write }: LogOptions): Logger {
  const least = LOG_SEVERITIES.indexOf(severity);
  const line = format === "json" ? jsonLine : textLine;
  const at =
    (level: LogSeverity) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_SEVERITIES.indexOf(level) > least) return;
      write(line(new Date(now()).toISOString(), level, message, safe(fields)));
    };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug"), trace: at("trace") };
}

function safe(fields: LogFields): LogFields {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept.map(([key, value]) => [key, SECRET_KEY.test(key) ? "[redacted]" : value]));
}

function jsonLine(time: string, severity: LogSeverity, message: string, fields: LogFields): string {
  return JSON.stringify({ ...fields, time, severity, message });
}

function textLine(time: string, severity: LogSeverity, message: string, fields: LogFields): string {
  const tail = Object.entries(fields).map(([key, value]) => ` ${key}=${textValue(value)}`);
  return `${time} ${severity.toUpperCase().padEnd(5)} ${oneLine(message)}${tail.join("")}`;
}

function textValue(value: LogFields[string]): string {
  if (typeof value !== "string") return String(value);
  const quoted = /^$|[\s"=]/.test(value) || value.search(UNPRINTABLE) >= 0;
  return quoted ? JSON.stringify(value).replace(UNPRINTABLE, escaped) : value;
}

// What a terminal would act on, or show out of order.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

function oneLine(text: string): string {
  return text.replace(/[\r\n\t]+/g, " ").replace(UNPRINTABLE, escaped);
}
