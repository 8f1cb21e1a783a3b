/**
 * The name nearest to a mistyped one, or undefined when none is near enough (a third of its letters wrong at most).
 *
 * Distance: restricted Damerau-Levenshtein (insert, delete, replace, swap neighbours), case ignored.
 */
export function closestName(mistyped: string, names: Iterable<string>): string | undefined {
  let closest: string | undefined;
  let least = Math.floor(mistyped.length / 3) + 1;
  for (const name of names) {
    if (Math.abs(name.length - mistyped.length) >= least) continue;
    const distance = editDistance(mistyped.toLowerCase(), name.toLowerCase());
    if (distance < least) {
      least = distance;
      closest = name;
    }
  }
  return closest;
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let cost = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwap) cost = Math.min(cost, (beforeLast[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
