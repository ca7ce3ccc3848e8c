/**
 * The relay as one file of CommonJS, which starts faster than modules do. For those who have Node it goes to dist/relay/;
 * the single executable has it inside.
 */
import { chmodSync } from "node:fs";
import { build } from "esbuild";
import { type BuiltRelease, DIST, ROOT } from "./release.ts";

/** Where the bundle is written. */
export const BUNDLE = `${DIST}relay/teleport-pagerduty.cjs`;

/** Bundles; the file can be run by itself where Node 20 or later is. Resolves with the packages that went in. */
export async function bundleRelay({ version, commit }: BuiltRelease, outfile = BUNDLE): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["relay/main.ts"],
    outfile,
    bundle: true,
    // Less text is less time to read it. Names stay: a stack trace is for people, and to give shortened ones their names
    // back takes longer than to read them.
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    define: { __RELEASE_VERSION__: JSON.stringify(version), __RELEASE_COMMIT__: JSON.stringify(commit) },
    // grpc-js wants it for services that are described at run time; ours are generated.
    external: ["@grpc/proto-loader"],
    // Only a run from source asks where it lies.
    logOverride: { "empty-import-meta": "silent" },
    legalComments: "none",
    metafile: true,
  });
  chmodSync(outfile, 0o755);
  return packagesIn(Object.keys(metafile.inputs));
}

function packagesIn(inputs: readonly string[]): string[] {
  const names = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}
