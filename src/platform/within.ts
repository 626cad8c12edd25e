/** Waits for the work, but no longer than `ms`; it goes on all the same. True when it is done; rejects if it fails meanwhile. */
export async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: number | null = null;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, ms, false);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
