/**
 * `npm run build`, the relay's part: the bundle under dist/relay/, the single executable beside it, and the tree of files
 * that the install script and the Debian package put on a host.
 */
import { parseOptions, UsageError } from "./commands/command.ts";
import { BUNDLE, bundleRelay } from "./install/bundle.ts";
import { buildExecutable, isPlatform, nodeFor, type Platform, thisPlatform } from "./install/executable.ts";
import { thirdPartyLicenses } from "./install/licenses.ts";
import { DIST, releaseBuilt } from "./install/release.ts";
import { layOutPackage } from "./install/tree.ts";

const USAGE = `Usage: node relay/build.ts [--platform NAME] [--node FILE] [--help]

Builds dist/relay/ (for Node 20 and later), dist/teleport-pagerduty (needs no Node) and dist/package/ (what is installed).

  --platform NAME   linux-x64, linux-arm64 or darwin-arm64; default: this machine's
  --node FILE       the Node binary of that platform; default: that of its package in node_modules
  --help            this text
`;

interface Order {
  readonly platform: Platform;
  readonly node: string;
}

function readOrder(args: readonly string[]): Order | "help" {
  const text = { type: "string" } as const;
  const options = { platform: text, node: text, help: { type: "boolean", short: "h" } } as const;
  const { platform = thisPlatform(), node, help } = parseOptions(args, options);
  if (help === true) return "help";
  if (!isPlatform(platform)) throw new UsageError(`There is no platform ${JSON.stringify(platform)}`);
  return { platform, node: node ?? nodeFor(platform) };
}

async function main(): Promise<void> {
  const order = readOrder(process.argv.slice(2));
  if (order === "help") {
    process.stdout.write(USAGE);
    return;
  }
  // What is installed may be read by everybody, whoever builds it.
  process.umask(0o022);
  const release = releaseBuilt();
  const packages = await bundleRelay(release);
  const executable = buildExecutable(order);
  const tree = layOutPackage({ executable, release, licenses: thirdPartyLicenses(packages, order.node) });
  for (const made of [BUNDLE, executable, tree]) console.log(made.replace(DIST, "dist/"));
}

try {
  await main();
} catch (error) {
  const isUsage = error instanceof UsageError;
  console.error(isUsage ? `${error.message}.\n\n${USAGE}` : error instanceof Error ? error.message : String(error));
  process.exitCode = isUsage ? 2 : 1;
}
