// What this is, what a script can ask, and whose work is in the page.
import { BASE } from '../api/client';
import { session } from '../session';
import { Name } from '../ui/name';
import { Panel } from '../ui/panel';
import { Copy } from '../ui/copy';
import geist from '@fontsource-variable/geist/LICENSE';
import geistMono from '@fontsource-variable/geist-mono/LICENSE';
import preact from '../../node_modules/preact/LICENSE';
import signals from '../../node_modules/@preact/signals/LICENSE';

const licences = [
  { of: 'Geist, the typeface', text: geist },
  { of: 'Geist Mono, the typeface', text: geistMono },
  { of: 'Preact', text: preact },
  { of: 'Preact Signals', text: signals },
];

export default function About() {
  const who = session.value!;
  const line = `curl ${location.origin}${BASE}/topics?limit=10`;
  return (
    <>
      <div class="head">
        <h1>About</h1>
      </div>
      <Panel title="This server">
        <dl class="facts">
          <dt>Thalweg</dt>
          <dd>{who.server.version}</dd>
          <dt>Speaks as</dt>
          <dd>Apache Kafka {who.server.kafka}</dd>
          <dt>Cluster</dt>
          <dd>
            <Name text={who.cluster?.name ?? ''} /> <span class="mono dimmer">{who.cluster?.id}</span>
          </dd>
          <dt>Answers</dt>
          <dd>broker {who.broker}</dd>
          <dt>Signed in as</dt>
          <dd>
            <Name text={who.principal ?? ''} />
            {who.read_only && ', read only'}
          </dd>
        </dl>
      </Panel>
      <Panel title="For scripts">
        <div class="prose">
          <p>
            Everything these pages show is an answer of the API below <span class="mono">{BASE}</span>, described in{' '}
            <a class="link" href={`${BASE}/openapi.json`}>
              openapi.json
            </a>
            .
          </p>
          <div class="cmd">
            <code class="mono" tabIndex={0}>
              {line}
            </code>
            <Copy text={line} what="the command" />
          </div>
        </div>
      </Panel>
      <Panel title="Licences">
        <div class="prose">
          <p>Thalweg is under the Apache License 2.0. In these pages are also:</p>
          {licences.map(({ of, text }) => (
            <details key={of}>
              <summary>{of}</summary>
              <pre class="mono licence" tabIndex={0} aria-label={`Licence of ${of}`}>
                {text}
              </pre>
            </details>
          ))}
        </div>
      </Panel>
    </>
  );
}
