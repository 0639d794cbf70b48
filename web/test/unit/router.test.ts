import assert from 'node:assert/strict';
import { test } from 'node:test';
import { href, hrefOf, placeOf, type Place, type Screen } from '../../src/router';
import { routes } from '../../src/routes';

const split = (address: string): [string, string] => {
  const [path = '', query = ''] = address.split('?');
  return [path, query ? '?' + query : ''];
};
const opened = (address: string): Place => placeOf(...split(address))!;

test('every screen is opened by the address that it writes', () => {
  const names: Record<string, string> = { topic: 'a/b c%ä', group: '<img>?&#', broker: '7', subject: ':.c:a/b-value', queue: 'dlq.a' };
  for (const screen of Object.keys(routes) as Screen[]) {
    const path = Object.fromEntries(
      Object.keys(routes[screen].path)
        .filter((name) => name in names)
        .map((name) => [name, names[name]]),
    );
    const place = opened(href(screen, path));
    assert.equal(place.screen, screen);
    for (const [name, value] of Object.entries(path))
      assert.equal((place.path as Record<string, unknown>)[name], value);
    assert.equal(hrefOf(place), href(screen, path));
  }
});

test('a view comes back from its address as it was', () => {
  const query = { q: '/^a.*v1$/ & "b"', show: 'attention', sort: '-partitions', act: 'create', at: 8123 } as const;
  assert.deepEqual(opened(href('topics', {}, query)).query, query);
});

test('what has its initial value is not in the address', () => {
  assert.equal(href('topics', {}, { q: '', show: 'all', sort: '', at: 0 }), '/topics');
});

test('a topic without a tab opens the first one', () => {
  assert.deepEqual(opened('/topics/orders').path, { topic: 'orders', tab: 'messages' });
});

test('a slash in a name stays in the name', () => {
  assert.equal(href('group', { group: 'a/b', tab: 'lag' }), '/groups/a%2Fb/lag');
  assert.equal((opened('/groups/a%2Fb/members') as Place<'group'>).path.group, 'a/b');
});

test('an address that means nothing is no screen', () => {
  for (const address of ['/nowhere', '/topics/a/partitions/b', '/topics/a/nonsense', '/topics/%', '/groups//x/y/z'])
    assert.equal(placeOf(address), undefined, address);
});

test('a parameter that is no value of its kind counts as not said', () => {
  const { query } = opened('/topics?show=everything&at=-3&sort=-name') as Place<'topics'>;
  assert.deepEqual(query, { q: '', show: 'all', sort: '-name', act: '', at: 0 });
});
