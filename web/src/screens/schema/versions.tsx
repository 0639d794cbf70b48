// Versions beside each other: one against the one before it, or against any; or a draft, checked while it is typed.
import { useMemo } from 'preact/hooks';
import { useCheck } from '../../api/check';
import { at } from '../../api/client';
import { useOnce } from '../../api/once';
import type { SchemaText, SubjectDetail, SubjectVersion } from '../../api/types.gen';
import { href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { DiffView } from '../../ui/diff_view';
import { Select } from '../../ui/input';
import { Panel } from '../../ui/panel';
import { Loaded } from '../../ui/state';
import { Choice } from '../../ui/tabs';
import { Time } from '../../ui/time';
import { draftOf, setDraft } from './drafts';
import { Verdict } from './verdict';

const DRAFT = 'draft';

// Which two are looked at: the latest that is there, and the one before it, unless the address says others.
export function chosen(versions: readonly SubjectVersion[], a: string, b: string): { a: number | undefined; b: number | undefined } {
  const known = (text: string) => versions.find(({ version }) => String(version) === text)?.version;
  const latest = (versions.find(({ deleted }) => !deleted) ?? versions[0])?.version;
  const second = b === DRAFT ? undefined : (known(b) ?? latest);
  const before = b === DRAFT ? latest : versions.find(({ version }) => version < (second ?? 0))?.version;
  return { a: known(a) ?? before, b: second };
}

export function Versions({ place, subject }: { place: Place<'schema'>; subject: SubjectDetail }) {
  const isDraft = place.query.b === DRAFT && mayChange();
  const both = chosen(subject.versions, place.query.a, isDraft ? DRAFT : place.query.b);
  return (
    <div class="compared">
      <List place={place} subject={subject} both={both} isDraft={isDraft} />
      <div>
        {isDraft ? (
          <Drafted place={place} subject={subject} against={both.a} />
        ) : (
          both.b !== undefined && <Compared place={place} subject={subject} a={both.a} b={both.b} />
        )}
      </div>
    </div>
  );
}

interface ListProps {
  place: Place<'schema'>;
  subject: SubjectDetail;
  both: { a: number | undefined; b: number | undefined };
  isDraft: boolean;
}

function List({ place, subject, both, isDraft }: ListProps) {
  const to = (b: string) => href('schema', place.path, { ...place.query, a: '', b });
  const draft = draftOf(subject.name);
  return (
    <Panel title="Versions" end="A against B">
      <ul class="versions">
        {(isDraft || draft !== undefined) && (
          <li>
            <a href={to(DRAFT)} aria-current={isDraft ? 'true' : undefined}>
              <span class="side">{isDraft ? 'B' : ''}</span>
              <span>Draft</span>
              <span class="dimmer small">not registered</span>
            </a>
          </li>
        )}
        {subject.versions.map((one) => (
          <Row key={one.version} version={one} to={to(String(one.version))} side={sideOf(one.version, both)} />
        ))}
      </ul>
    </Panel>
  );
}

const sideOf = (version: number, { a, b }: { a: number | undefined; b: number | undefined }): string =>
  version === b ? 'B' : version === a ? 'A' : '';

function Row({ version: { version, id, deleted, written_at: written }, to, side }: { version: SubjectVersion; to: string; side: string }) {
  return (
    <li>
      <a href={to} aria-current={side ? 'true' : undefined}>
        <span class="side">{side}</span>
        <span class="row">
          {deleted ? <s>v{version}</s> : <span>v{version}</span>}
          {deleted && <span class="tag">deleted</span>}
        </span>
        <span class="dimmer small">
          {written !== undefined && <Time ms={written} />}
          {id !== undefined && `${written === undefined ? '' : ', '}id ${id}`}
        </span>
      </a>
    </li>
  );
}

const linesOf = (text: string): readonly string[] => text.replace(/\n$/, '').split('\n');
const shown = (schema: SchemaText, as: string): string => (as === 'sent' ? schema.text : schema.laid_out);
const useVersion = (subject: string, version: number) => useOnce<SchemaText>(at`/schemas/${subject}/versions/${version}`);

function Compared({ place, subject, a, b }: { place: Place<'schema'>; subject: SubjectDetail; a: number | undefined; b: number }) {
  const { as, view } = place.query;
  const second = useVersion(subject.name, b);
  const first = useVersion(subject.name, a ?? b);
  return (
    <Panel title={a === undefined ? `v${b}` : `v${a} against v${b}`} end={<Views place={place} subject={subject} a={a} b={b} />}>
      <Loaded of={second} lines={12}>
        {(two) => (
          <Loaded of={first} lines={12}>
            {(one) => (
              <Difference a={{ label: `v${one.version}`, text: shown(one, as) }} b={{ label: `v${two.version}`, text: shown(two, as) }} split={view === 'split' && a !== undefined} />
            )}
          </Loaded>
        )}
      </Loaded>
    </Panel>
  );
}

interface Side {
  label: string;
  text: string;
}

function Difference({ a, b, split }: { a: Side; b: Side; split: boolean }) {
  const first = useMemo(() => linesOf(a.text), [a.text]);
  const second = useMemo(() => linesOf(b.text), [b.text]);
  return <DiffView a={{ label: a.label, lines: first }} b={{ label: b.label, lines: second }} split={split} />;
}

interface ViewsProps {
  place: Place<'schema'>;
  subject: SubjectDetail;
  a: number | undefined;
  b: number | undefined;
}

function Views({ place, subject, a, b }: ViewsProps) {
  const to = (change: Partial<Place<'schema'>['query']>) => href('schema', place.path, { ...place.query, ...change });
  const others = subject.versions.filter(({ version }) => version !== b);
  return (
    <span class="row">
      {others.length > 0 && (
        <Select
          label="A"
          value={String(a ?? '')}
          choices={others.map(({ version }) => ({ key: String(version), label: `v${version}` }))}
          onPick={(version) => see(place, { a: version })}
        />
      )}
      <Choice
        label="How both stand"
        now={place.query.view}
        choices={[
          { key: 'split', label: 'Split', href: to({ view: 'split' }) },
          { key: 'unified', label: 'Unified', href: to({ view: 'unified' }) },
        ]}
      />
      <Choice
        label="Which text"
        now={place.query.as}
        choices={[
          { key: 'laid-out', label: 'Laid out', href: to({ as: 'laid-out' }) },
          { key: 'sent', label: 'As sent', href: to({ as: 'sent' }) },
        ]}
      />
    </span>
  );
}

// The draft begins as the version that it is compared with.
function Drafted({ place, subject, against }: { place: Place<'schema'>; subject: SubjectDetail; against: number | undefined }) {
  const base = useVersion(subject.name, against ?? subject.versions[0]!.version);
  return (
    <Loaded of={base} lines={12}>
      {(version) => <Draft place={place} subject={subject} base={version} />}
    </Loaded>
  );
}

function Draft({ place, subject, base }: { place: Place<'schema'>; subject: SubjectDetail; base: SchemaText }) {
  const { as, view } = place.query;
  const text = draftOf(subject.name) ?? base.laid_out;
  const checking = useCheck(subject.name, text.trim() ? { text, language: base.language, references: subject.references } : undefined);
  return (
    <>
      <Verdict of={checking} />
      <Panel title="Draft" end={`from v${base.version}`}>
        <textarea
          class="editor mono"
          aria-label="The draft"
          spellcheck={false}
          value={text}
          onInput={(event) => setDraft(subject.name, event.currentTarget.value)}
        />
      </Panel>
      <Panel title={`v${base.version} against the draft`} end={<Views place={place} subject={subject} a={base.version} b={undefined} />}>
        <Difference
          a={{ label: `v${base.version}`, text: shown(base, as) }}
          b={{ label: 'Draft', text: (as === 'laid-out' && checking.check?.laid_out) || text }}
          split={view === 'split'}
        />
      </Panel>
    </>
  );
}
