/**
 * The part of `node:crypto` that both runtimes have and that `shared` uses: Node itself, and workerd with `nodejs_compat`
 * (https://developers.cloudflare.com/workers/runtime-apis/nodejs/crypto/). Synchronous, so that whatever decides can stay
 * a plain function.
 */
declare module "node:crypto" {
  interface Hash {
    update(data: string | Uint8Array): Hash;
    digest(): Uint8Array;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Hash;
  export function createHmac(algorithm: "sha256", key: string): Hash;
  /** Throws when the lengths differ. */
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
