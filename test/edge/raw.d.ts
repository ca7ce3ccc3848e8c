/** A file's text as it is, by vite. */
declare module "*?raw" {
  const text: string;
  export default text;
}
