/**
 * The part of the web platform that both runtimes have as globals and that `shared` uses (WHATWG Encoding and HTML
 * standards); declared here because neither runtime's own types may reach this folder.
 */
declare class TextEncoder {
  encodeInto(text: string, into: Uint8Array): unknown;
  encode(text: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label: "utf-8", options: { fatal: boolean; ignoreBOM: boolean });
  decode(bytes: Uint8Array): string;
}
declare function atob(base64: string): string;
declare function btoa(binary: string): string;
