/**
 * Compares what a database holds with what it held at the last check.
 *
 * @param counts name → statement whose answer is one number
 * @returns a check: given by how much each should have grown, says in words which did not
 */
export async function storedSince(database, counts) {
  const look = async () => {
    const found = {};
    for (const [name, text] of Object.entries(counts))
      found[name] = Number(Object.values((await database.query(text)).rows[0])[0]);
    return found;
  };
  let before = await look();
  return async (expected) => {
    const after = await look();
    const faults = Object.entries(expected)
      .map(([name, count]) => [name, count, after[name] - before[name]])
      .filter(([, count, grown]) => count !== grown)
      .map(([name, count, grown]) => `${name}: ${count} expected, ${grown} stored`);
    before = after;
    return faults;
  };
}
