/** A file as text, by the test runner. */
declare module "*?raw" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: it is how the runner hands it over.
  export default text;
}
