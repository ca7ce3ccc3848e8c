/** What a key such as `__proto__` would leave behind if a reader followed it. */
import assert from "node:assert/strict";

const BEFORE = names();

/** Throws when anything was added to what every object inherits. */
export function assertUnpolluted(): void {
  assert.deepEqual(names(), BEFORE, "Object.prototype was changed");
}

function names(): PropertyKey[] {
  return Reflect.ownKeys(Object.prototype);
}
