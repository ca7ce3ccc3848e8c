import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../relay/time/clock.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const DAY_MS = 86_400_000;

describe("systemClock", () => {
  it("runs something once, after its time", () => {
    const run = vi.fn();
    systemClock.after(1_000, run);
    vi.advanceTimersByTime(999);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(DAY_MS);
    expect(run).toHaveBeenCalledOnce();
  });

  it.each([0, 30 * DAY_MS])("runs nothing that was cancelled after %d ms", (afterMs) => {
    const run = vi.fn();
    const cancel = systemClock.after(60 * DAY_MS, run);
    vi.advanceTimersByTime(afterMs);
    cancel();
    vi.advanceTimersByTime(100 * DAY_MS);
    expect(run).not.toHaveBeenCalled();
  });

  it("waits longer than one timer of Node's can", () => {
    const run = vi.fn();
    systemClock.after(60 * DAY_MS, run);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it("ends a sleep as soon as its signal aborts", async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(DAY_MS, controller.signal);
    controller.abort();
    await sleeping;
    expect(vi.getTimerCount()).toBe(0);
    await systemClock.sleep(DAY_MS, controller.signal);
  });
});
