/** What OpenSSL says of a failure, as an operator can read it. Pure. */

/** `<thread>:error:<code>:<library>:<function>:<reason>:<file>:<line>:<more>`, as OpenSSL prints a fault. */
const OPENSSL_FAULT = /[0-9A-F]+:error:[0-9A-F]+:[^:\n]*:[^:\n]*:([^:\n]*):[^:\n]*:\d+:[^\n]*\n?/gi;

/** The words of an error, on one line, with no more of OpenSSL's faults than their reasons. */
export function plainWords(words: string): string {
  return words.replace(OPENSSL_FAULT, "$1").replace(/\s+/g, " ").trim();
}
