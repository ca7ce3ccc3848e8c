import { describe, expect, it } from "vitest";
import { Troubles } from "../../../edge/pagerduty/troubles.ts";

describe("the troubles with PagerDuty", () => {
  it("that pass by themselves end with whatever succeeds, and the first stands for those that follow", () => {
    const troubles = new Troubles();
    expect(troubles.seen("a", "503 on a", true)).toBe("503 on a");
    expect(troubles.seen("b", "503 on b", true)).toBe("503 on a");
    expect(troubles.ended("c")).toBeNull();
  });

  it("that somebody has to mend stand until that very work succeeds", () => {
    const troubles = new Troubles();
    expect(troubles.seen("a", "no such service", false)).toBe("no such service");
    expect(troubles.seen("b", "503", true)).toBe("no such service");
    expect(troubles.ended("b")).toBe("no such service");
    expect(troubles.ended("a")).toBeNull();
  });

  it("are bounded", () => {
    const troubles = new Troubles();
    for (let n = 0; n < 5000; n++) troubles.seen(`work ${n}`, `problem ${n}`, false);
    expect(troubles.ended("work 0")).toBe("problem 1");
    for (let n = 1; n < 1000; n++) troubles.ended(`work ${n}`);
    expect(troubles.ended("work 4999")).toBeNull();
  });
});
