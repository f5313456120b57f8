import { fileVariableOf, VARIABLE_NAMES } from './variables.js';

/** Shorter names are too easily close to somebody else's variable. */
const SHORTEST = 6;

/**
 * "DATABSE_URL is not read; did you mean DATABASE_URL?" for each variable that looks like a slip of the pen.
 * A hint, not a fault: the environment is shared with programs we do not know.
 */
export function similarVariables(env: NodeJS.ProcessEnv): string[] {
  const known = VARIABLE_NAMES.flatMap((name) => [name as string, fileVariableOf(name) ?? []].flat());
  return Object.keys(env)
    .filter((name) => !known.includes(name) && name.length >= SHORTEST)
    .flatMap((name) => {
      const meant = known.find(
        (candidate) => candidate.length >= SHORTEST && editDistance(name, candidate) <= 2,
      );
      return meant ? [`${name} is not read; did you mean ${meant}?`] : [];
    });
}

/** Levenshtein's distance, by the row (https://en.wikipedia.org/wiki/Levenshtein_distance). */
function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return 3;
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replace = previous[column - 1] + (left[row - 1] === right[column - 1] ? 0 : 1);
      current.push(Math.min(replace, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[right.length];
}
