// Which screen, of what, seen how: all of it is in the address, so that an address sent to a colleague gives the same
// screen.
import { signal } from '@preact/signals';
import { routes, type Params, type PathOf, type Place, type QueryOf, type Route, type Screen } from './routes';

export type { Place, Screen } from './routes';

// The address of a screen. A tab may be left out, and whatever of the query has its initial value is.
export function href<S extends Screen>(
  screen: S,
  path: Partial<PathOf<S>> = {},
  query: Partial<QueryOf<S>> = {},
): string {
  const { pattern, path: params, query: questions } = routes[screen] as Route<Params, Params>;
  const parts = pattern.map((part) => (part[0] === ':' ? pathPart(params, part.slice(1), path) : part));
  const pairs = Object.entries(questions).flatMap(([name, param]) => {
    const value = (query as Record<string, unknown>)[name] ?? param.initial;
    return value === param.initial ? [] : [`${name}=${encodeURIComponent(param.write(value))}`];
  });
  return '/' + parts.join('/') + (pairs.length ? '?' + pairs.join('&') : '');
}

function pathPart(params: Params, name: string, path: Record<string, unknown>): string {
  const param = params[name]!;
  return encodeURIComponent(param.write(path[name] ?? param.initial));
}

export const hrefOf = (place: Place): string => href(place.screen, place.path as {}, place.query as {});

// The place that an address means; undefined for one that means none.
export function placeOf(pathname: string, search = ''): Place | undefined {
  let parts: string[];
  try {
    parts = pathname.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined; // a lone % in it
  }
  const questions = new URLSearchParams(search);
  for (const [screen, row] of Object.entries(routes) as [Screen, Route<Params, Params>][]) {
    const path = pathValues(row, parts);
    if (path) return { screen, path, query: queryValues(row.query, questions) } as Place;
  }
  return undefined;
}

// A tab at the end may be missing: a topic's address without one means the first.
function pathValues({ pattern, path }: Route<Params, Params>, parts: string[]): Record<string, unknown> | undefined {
  const values: Record<string, unknown> = {};
  if (parts.length > pattern.length) return undefined;
  for (const [index, part] of pattern.entries()) {
    const given = parts[index];
    if (part[0] !== ':') {
      if (given !== part) return undefined;
      continue;
    }
    const name = part.slice(1);
    const value = given === undefined ? (name === 'tab' ? path[name]!.initial : undefined) : path[name]!.read(given);
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return values;
}

function queryValues(params: Params, given: URLSearchParams): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(params).map(([name, param]) => {
      const said = given.get(name);
      return [name, (said === null ? undefined : param.read(said)) ?? param.initial];
    }),
  );
}

// Where the browser is. undefined: an address that means nothing here.
export const place = signal<Place | undefined>(undefined);

const readAddress = (): void => {
  place.value = placeOf(location.pathname, location.search);
};

export function go(to: string, { replace = false } = {}): void {
  if (to !== location.pathname + location.search) history[replace ? 'replaceState' : 'pushState'](null, '', to);
  readAddress();
}

// Changes how the present screen is seen. Typing and scrolling replace the entry of the history; choices add one.
export function see<S extends Screen>(from: Place<S>, change: Partial<QueryOf<S>>, { replace = false } = {}): void {
  go(href(from.screen as S, from.path as PathOf<S>, { ...(from.query as QueryOf<S>), ...change }), { replace });
}

// Ordinary links of our own pages are followed without a load. Those of the API and those that download are not.
export function startRouter(): void {
  readAddress();
  addEventListener('popstate', readAddress);
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.ctrlKey ||
      event.metaKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element).closest?.('a');
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
