/** Which release this is. A build puts version and commit in; from source they are read, or unknown. */
import { readFileSync } from "node:fs";

/** Put in by the build (esbuild's `define`). */
declare const __RELEASE_VERSION__: string | undefined;
declare const __RELEASE_COMMIT__: string | undefined;

/** The version in package.json. */
export const RELEASE_VERSION: string =
  typeof __RELEASE_VERSION__ === "string" ? __RELEASE_VERSION__ : versionFromSource();

/** The commit that was built; `unbuilt` when run from source. */
export const RELEASE_COMMIT: string = typeof __RELEASE_COMMIT__ === "string" ? __RELEASE_COMMIT__ : "unbuilt";

function versionFromSource(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? "unknown";
}
