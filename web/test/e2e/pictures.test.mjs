// How the screens look, in both themes, against the pictures that are kept in test/pictures. Where a change is wanted:
// look at the new ones in build/pictures, then KEEP=1 npm run e2e -- --only 'looks as it is kept' (and optipng -strip all, if it is there)
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { looking, settled } from './browser.mjs';
import { standing } from './pages_under_test.mjs';
import { screens } from './screens.mjs';

const KEPT = join(process.env.WEB, 'test/pictures');
const SEEN = join(process.env.WEB, 'build/pictures');
const MOST = 0.001; // of the pixels may differ: letters are drawn a little differently by another version
// Those with all the parts that there are; each picture is weight in the repository.
const pictured = ['overview', 'topics', 'record', 'search', 'partitions', 'option', 'groups', 'group', 'reset', 'schemas', 'schema', 'dead-letter-causes', 'dead-letter-replay'];

async function differing(page, kept, seen) {
  const urls = [kept, seen].map((png) => `data:image/png;base64,${png.toString('base64')}`);
  return page.evaluate(async (sources) => {
    const [a, b] = await Promise.all(
      sources.map(async (source) => {
        const image = await createImageBitmap(await (await fetch(source)).blob());
        const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height);
      }),
    );
    if (a.width !== b.width || a.height !== b.height) return 1;
    let pixels = 0;
    for (let at = 0; at < a.data.length; at += 4)
      pixels += [0, 1, 2].some((n) => Math.abs(a.data[at + n] - b.data[at + n]) > 16) ? 1 : 0;
    return (pixels * 4) / a.data.length;
  }, urls);
}

for (const colorScheme of ['light', 'dark']) {
  test(`each screen looks as it is kept (${colorScheme})`, () =>
    standing({}, ({ url }) =>
      looking({ colorScheme, reducedMotion: 'reduce' }, async (page, context) => {
        const scales = await context.newPage();
        await page.clock.setFixedTime(new Date(Date.UTC(2026, 10, 28, 6, 42, 3, 204)));
        mkdirSync(SEEN, { recursive: true });
        mkdirSync(KEPT, { recursive: true });
        const other = [];
        for (const name of pictured) {
          await page.goto(url + screens[name]);
          await settled(page);
          const file = `${name}-${colorScheme}.png`;
          const seen = await page.screenshot();
          const share = existsSync(join(KEPT, file))
            ? await differing(scales, readFileSync(join(KEPT, file)), seen)
            : 1;
          if (share > MOST && process.env.KEEP) writeFileSync(join(KEPT, file), seen);
          else if (share > MOST) other.push(`${file}: ${(share * 100).toFixed(2)} % differ`);
          if (share > MOST) writeFileSync(join(SEEN, file), seen);
        }
        assert.deepEqual(other, []);
      }),
    ));
}
