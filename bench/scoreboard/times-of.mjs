/** How long each of `count` calls took, one after the other. */
export async function timesOf(count, call) {
  const each = [];
  for (let i = 0; i < count; i += 1) {
    const startedAt = performance.now();
    await call(i);
    each.push(performance.now() - startedAt);
  }
  return { each, sum: each.reduce((sum, ms) => sum + ms, 0) };
}
