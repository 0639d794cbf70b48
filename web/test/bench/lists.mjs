// node test/bench/lists.mjs URL ROUNDS
//
// Milliseconds from a click in the rail until rows of the list are drawn, as the page's own clock tells it. One JSON
// object a list.
import { browsing } from './chromium.mjs';

const [url, rounds] = process.argv.slice(2);

// In the page: presses the link, and is done two frames after the first row is there, when it can be seen.
const clicked = (path) =>
  new Promise((done) => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
    const begun = performance.now();
    const seen = new MutationObserver(async () => {
      if (!document.querySelector('tbody a.name')) return;
      seen.disconnect();
      await frame();
      await frame();
      done(performance.now() - begun);
    });
    seen.observe(document.body, { childList: true, subtree: true });
    document.querySelector(`nav a[href="${path}"]`).click();
  });

await browsing(async (page) => {
  for (const path of ['/topics', '/groups']) {
    const times = [];
    for (let round = 0; round < rounds; round++) {
      await page.goto(url + '/about');
      await page.locator('h1').first().waitFor();
      times.push(await page.evaluate(clicked, path));
    }
    console.log(JSON.stringify({ page: path, ms: times }));
  }
});
