/** The licences of what the executable holds besides our own code: Node, and the packages in the bundle. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./release.ts";

/** Every licence, each under the name of what it is for; `node` is the Node binary that goes in. */
export function thirdPartyLicenses(packages: readonly string[], node: string): string {
  const ofNode = join(dirname(node), "..", "LICENSE");
  const nodes = existsSync(ofNode) ? [["Node.js", readFileSync(ofNode, "utf8")] as const] : [];
  const ofPackages = packages.toSorted().flatMap((name) => {
    const folder = join(ROOT, "node_modules", name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return file === undefined ? [] : [[name, readFileSync(join(folder, file), "utf8")] as const];
  });
  return [...nodes, ...ofPackages].map(([name, text]) => `== ${name}\n\n${text.trim()}\n`).join("\n\n");
}
