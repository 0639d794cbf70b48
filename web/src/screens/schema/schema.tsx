// One subject: its versions compared, a draft checked while it is typed, what it needs and who needs it.
import { at } from '../../api/client';
import { useAnswer } from '../../api/live';
import type { SubjectDetail } from '../../api/types.gen';
import { Icon } from '../../icons';
import { go, href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { Name } from '../../ui/name';
import { Num } from '../../ui/number';
import { Failure, NotRefreshed, Waiting } from '../../ui/state';
import { Tabs } from '../../ui/tabs';
import { plural } from '../../ui/text';
import { SchemaAct } from '../changes/schema_changes';
import { languages, levelLayers } from '../schemas/columns';
import { draftOf, setDraft } from './drafts';
import { References } from './references';
import { Versions } from './versions';

export default function SchemaScreen({ place }: { place: Place<'schema'> }) {
  const { subject: name, tab } = place.path;
  const subject = useAnswer<SubjectDetail>(at`/schemas/${name}`);
  if (!subject.data && subject.trouble) return <Failure trouble={subject.trouble} retry={subject.reload} />;
  const detail = subject.data;
  const to = (key: typeof tab) => href('schema', { subject: name, tab: key });
  const draft = draftOf(name);
  return (
    <>
      <div class="head">
        <h1>
          <Name text={name} />
        </h1>
        {detail && <About subject={detail} />}
        {detail && mayChange() && <Acts place={place} subject={detail} />}
      </div>
      <NotRefreshed of={subject} />
      <Tabs
        label="Of this subject"
        now={tab}
        tabs={[
          { key: 'versions', label: 'Versions', href: to('versions'), count: detail?.versions.length },
          {
            key: 'references',
            label: 'References',
            href: to('references'),
            count: detail && detail.references.length + detail.needed_by.length,
          },
        ]}
      />
      {!detail ? <Waiting /> : tab === 'references' ? <References subject={detail} /> : <Versions place={place} subject={detail} />}
      {detail && (
        <SchemaAct
          place={place}
          subject={detail}
          draft={draft}
          onClose={() => see(place, { act: '' })}
          onRegistered={() => {
            setDraft(name, undefined);
            go(href('schema', { subject: name }));
          }}
        />
      )}
    </>
  );
}

function About({ subject: { language, level, versions, topics, mode, deleted } }: { subject: SubjectDetail }) {
  return (
    <>
      <span class="tag accent">{languages[language]}</span>
      <span class="tag">
        {level.level}, {levelLayers[level.layer]}
      </span>
      {deleted && <span class="tag warn">deleted</span>}
      {mode !== 'READWRITE' && <span class="tag warn">{mode}</span>}
      <span class="about">
        <Num value={versions.length} /> {plural(versions.length, 'version')}
        {topics.map(({ topic, part }) => (
          <span key={part}>
            ; {part}s of{' '}
            <a class="link" href={href('topic', { topic })}>
              <Name text={topic} />
            </a>
          </span>
        ))}
      </span>
    </>
  );
}

function Acts({ place, subject }: { place: Place<'schema'>; subject: SubjectDetail }) {
  const name = place.path.subject;
  const draft = draftOf(name);
  const to = (act: Place<'schema'>['query']['act']) => href('schema', place.path, { ...place.query, act });
  const last = subject.versions[0]?.version ?? 0;
  return (
    <div class="acts">
      {draft === undefined ? (
        <a class="btn" href={href('schema', { subject: name }, { ...place.query, b: 'draft' })}>
          Draft v{last + 1}
        </a>
      ) : (
        <>
          <button
            class="btn"
            onClick={() => {
              setDraft(name, undefined);
              see(place, { b: '' });
            }}
          >
            Discard draft
          </button>
          <a class="btn main" href={to('register')}>
            <Icon name="add" size={14} />
            Register v{last + 1}
          </a>
        </>
      )}
      <a class="btn" href={to('level')}>
        Set level
      </a>
      <a class="btn" href={to('delete')}>
        Delete
      </a>
    </div>
  );
}
