import { describe, expect, it } from "vitest";
import { Memory } from "../../../edge/pagerduty/memory.ts";

const FOR_MS = 1000;

function memory(size?: number) {
  const clock = { nowMs: 0 };
  const asked: string[] = [];
  const subject = new Memory<string | null>({
    now: () => clock.nowMs,
    forMs: (value) => (value === null ? 1 : FOR_MS),
    ...(size === undefined ? {} : { size }),
  });
  const recall = (key: string, answer: string | null = `answer to ${key}`) =>
    subject.recall(key, async () => {
      asked.push(key);
      return answer;
    });
  return { subject, clock, asked, recall };
}

describe("a memory", () => {
  it("asks once, answers from memory for a while, and then asks again", async () => {
    const { subject, clock, asked, recall } = memory();
    expect(subject.known("a")).toBeUndefined();
    expect(await recall("a")).toBe("answer to a");
    clock.nowMs = FOR_MS - 1;
    expect([await recall("a"), subject.known("a")]).toEqual(["answer to a", "answer to a"]);
    clock.nowMs = FOR_MS;
    expect(subject.known("a")).toBeUndefined();
    await recall("a");
    expect(asked).toEqual(["a", "a"]);
  });

  it("keeps an answer as long as that answer is good for", async () => {
    const { clock, asked, recall } = memory();
    expect(await recall("a", null)).toBeNull();
    expect(await recall("a", null)).toBeNull();
    clock.nowMs = 1;
    await recall("a", null);
    expect(asked).toEqual(["a", "a"]);
  });

  it("asks once for many who want the same at the same moment", async () => {
    const { asked, recall } = memory();
    await Promise.all([recall("a"), recall("b"), recall("a"), recall("a")]);
    expect(asked).toEqual(["a", "b"]);
  });

  it("does not remember a failure", async () => {
    const { subject, recall } = memory();
    const failing = () => Promise.reject(new Error("no answer"));
    await expect(Promise.all([subject.recall("a", failing), subject.recall("a", failing)])).rejects.toThrow(
      "no answer",
    );
    expect(await recall("a")).toBe("answer to a");
  });

  it("forgets what it has known longest when there is too much", async () => {
    const { subject, recall } = memory(2);
    for (const key of ["a", "b", "a", "c"]) await recall(key);
    expect(["a", "b", "c"].map((key) => subject.known(key) !== undefined)).toEqual([false, true, true]);
  });
});
