/** The platform's timer, for whatever is given time from outside. */

/** Runs something after that many milliseconds, once; what it returns cancels it. */
export type After = (ms: number, run: () => void) => () => void;

export const platformTimer: After = (ms, run) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};
