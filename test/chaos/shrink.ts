/**
 * Delta debugging (ddmin; Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", 2002): removes
 * chunks, ever smaller ones, for as long as what is left still fails. Chance and timing take part in every run, so a
 * candidate that does not fail once is taken for one that does not fail: the result fails, but may not be the smallest.
 *
 * @param fails whether these items still show the fault
 * @param atMost calls of `fails`
 * @returns the smallest list found that failed
 */
export async function shrink<T>(
  items: readonly T[],
  fails: (candidate: readonly T[]) => Promise<boolean>,
  atMost: number,
): Promise<readonly T[]> {
  let smallest = items;
  let calls = 0;
  for (let chunks = 2; smallest.length > 1 && calls < atMost;) {
    const smaller = await firstFailing(smallest, Math.min(chunks, smallest.length), async (candidate) => {
      if (calls >= atMost) return false;
      calls++;
      return await fails(candidate);
    });
    if (smaller !== null) {
      smallest = smaller.items;
      chunks = smaller.isComplement ? Math.max(2, chunks - 1) : 2;
    } else if (chunks >= smallest.length) break;
    else chunks = Math.min(2 * chunks, smallest.length);
  }
  return smallest;
}

/** Of the chunks, then of what is left without each of them, the first that fails. */
async function firstFailing<T>(
  items: readonly T[],
  chunks: number,
  fails: (candidate: readonly T[]) => Promise<boolean>,
): Promise<{ items: readonly T[]; isComplement: boolean } | null> {
  const edge = (index: number) => Math.round((index * items.length) / chunks);
  const numbers = Array.from({ length: chunks }, (_, index) => index);
  for (const index of numbers) {
    const chunk = items.slice(edge(index), edge(index + 1));
    if (await fails(chunk)) return { items: chunk, isComplement: false };
  }
  // With two chunks the rests are the chunks themselves.
  if (chunks === 2) return null;
  for (const index of numbers) {
    const rest = [...items.slice(0, edge(index)), ...items.slice(edge(index + 1))];
    if (await fails(rest)) return { items: rest, isComplement: true };
  }
  return null;
}
