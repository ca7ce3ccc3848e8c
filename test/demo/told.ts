/** How the demo tells its story on the terminal. */

/** One line as it is. */
export function tell(line: string): void {
  console.log(line);
}

/** One line of the story; with how many milliseconds after its cause it happened. */
export function step(line: string, afterMs?: number): void {
  const time = afterMs === undefined ? "" : `+${Math.round(afterMs)} ms`;
  console.log(`${time.padStart(10)}  ${line}`);
}

/** Text of several lines on one. */
export function onOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
