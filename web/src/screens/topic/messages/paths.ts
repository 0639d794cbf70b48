// The paths that have a column of their own, as the address has them: with commas between. A comma in quotes or brackets is
// a part of one, as the server reads them.
export const MOST_COLUMNS = 8;

export function pathsOf(list: string): string[] {
  const parts = list.match(/(?:"(?:[^"\\]|\\.)*"|\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\]|\([^)]*\)|[^,"[(])+/g);
  return parts ?? [];
}

export const withPath = (list: string, path: string): string => {
  const paths = pathsOf(list);
  return paths.includes(path) || paths.length >= MOST_COLUMNS ? list : [...paths, path].join(',');
};

export const withoutPath = (list: string, path: string): string =>
  pathsOf(list)
    .filter((one) => one !== path)
    .join(',');

// What stands over the column: the last name of the path, or all of another expression.
export const shortName = (path: string): string => /^[\w.[\]]+\.(\w+)$/.exec(path)?.[1] ?? path;
