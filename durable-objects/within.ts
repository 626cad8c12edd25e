/** Waits for the work, but no longer than this; it goes on all the same. */
export async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: number | null = null;
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, waited]);
  clearTimeout(timer);
}
