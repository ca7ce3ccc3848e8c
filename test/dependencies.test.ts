import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>>;
}

function read<Value>(name: string): Value {
  return JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));
}

describe("every dependency", () => {
  const { dependencies, devDependencies, optionalDependencies } = read<Package>("package.json");
  const { packages } = read<Lock>("package-lock.json");
  const wanted = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });

  it("is one exact version, which the lockfile has by its hash", () => {
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    const locked = wanted.map(([name]) => [name, packages[`node_modules/${name}`]?.version]);
    expect(locked).toEqual(wanted);
  });

  it("of a dependency is in the lockfile by its hash too", () => {
    const unhashed = Object.entries(packages).filter(([path, { integrity }]) => path !== "" && !integrity);
    expect(unhashed.map(([path]) => path)).toEqual([]);
  });
});
