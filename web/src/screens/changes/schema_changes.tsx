// Schemas are registered and deleted, and what they have to fit is set.
import { useState } from 'preact/hooks';
import { at } from '../../api/client';
import type { SchemaLanguage, SubjectDetail } from '../../api/types.gen';
import { go, href, type Place } from '../../router';
import { Input, Select } from '../../ui/input';
import { languages } from '../schemas/columns';
import { PlanDrawer } from './plan_drawer';

const languageChoices = (Object.keys(languages) as SchemaLanguage[]).map((key) => ({ key, label: languages[key] }));

// The first version of a subject, or another of one that is there.
export function RegisterSubject({ onClose, onDone }: { onClose: () => void; onDone: (subject: string) => void }) {
  const [subject, setSubject] = useState('');
  const [language, setLanguage] = useState<SchemaLanguage>('avro');
  const [text, setText] = useState('');
  const name = subject.trim();
  return (
    <PlanDrawer
      title="Register a schema"
      change={
        name && text.trim()
          ? { method: 'POST', path: at`/schemas/${name}/versions`, body: { text, language } }
          : undefined
      }
      verb={() => (name ? `Register ${name}` : 'Register')}
      onClose={onClose}
      onDone={() => onDone(name)}
    >
      {(wrong) => (
        <div class="form">
          <div class="row">
            <Input label="Subject" value={subject} onInput={setSubject} hint="orders-value, orders-key" width={300} mono focus />
            <Select label="Language" value={language} choices={languageChoices} onPick={setLanguage} />
          </div>
          <label>
            Schema
            <textarea
              class="mono"
              rows={14}
              spellcheck={false}
              value={text}
              aria-invalid={wrong('/text') ? 'true' : undefined}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          </label>
        </div>
      )}
    </PlanDrawer>
  );
}

interface DraftProps {
  subject: SubjectDetail;
  draft: string;
  onClose: () => void;
  onDone: () => void;
}

function RegisterDraft({ subject, draft, onClose, onDone }: DraftProps) {
  const { name, language, references, versions } = subject;
  return (
    <PlanDrawer
      title={`Register a version of ${name}`}
      change={{ method: 'POST', path: at`/schemas/${name}/versions`, body: { text: draft, language, references } }}
      verb={() => `Register v${(versions[0]?.version ?? 0) + 1}`}
      onClose={onClose}
      onDone={onDone}
    />
  );
}

const levels = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
  'NONE',
] as const;
type LevelChoice = '' | (typeof levels)[number];
const levelChoices: { key: LevelChoice; label: string }[] = [
  { key: '', label: 'as for all subjects' },
  ...levels.map((key) => ({ key, label: key })),
];

function SetLevel({ subject: { name, level }, onClose }: { subject: SubjectDetail; onClose: () => void }) {
  const own = level.layer === 'subject' ? levels.find((one) => one === level.level) : undefined;
  const [wanted, want] = useState<LevelChoice>(own ?? '');
  return (
    <PlanDrawer
      title={`What new versions of ${name} have to fit`}
      change={{ method: 'PATCH', path: at`/schemas/${name}/level`, body: wanted ? { level: wanted } : {} }}
      verb={() => (wanted ? `Set ${wanted}` : 'Take it back')}
      onClose={onClose}
    >
      {() => (
        <div class="form">
          <Select label="Compatibility level" value={wanted} choices={levelChoices} onPick={want} />
        </div>
      )}
    </PlanDrawer>
  );
}

function DeleteSubject({ subject: { name, versions }, onClose }: { subject: SubjectDetail; onClose: () => void }) {
  const [which, choose] = useState('');
  const choices = [
    { key: '', label: 'all of them' },
    ...versions.map(({ version, deleted }) => ({ key: String(version), label: `v${version}${deleted ? ', deleted' : ''}` })),
  ];
  const path = which ? at`/schemas/${name}/versions/${which}` : at`/schemas/${name}`;
  return (
    <PlanDrawer
      title={`Delete ${name}`}
      change={{ method: 'DELETE', path }}
      verb={(plan) => `Delete ${which ? `v${which}` : name}${plan?.confirm === undefined ? '' : ' for good'}`}
      onClose={onClose}
      onDone={which ? onClose : () => go(href('schemas'))}
    >
      {() => (
        <div class="form">
          <Select label="Versions" value={which} choices={choices} onPick={choose} />
        </div>
      )}
    </PlanDrawer>
  );
}

interface SchemaActProps {
  place: Place<'schema'>;
  subject: SubjectDetail;
  draft: string | undefined;
  onClose: () => void;
  onRegistered: () => void;
}

// The drawer that the address says.
export function SchemaAct({ place, subject, draft, onClose, onRegistered }: SchemaActProps) {
  const { act } = place.query;
  if (act === 'register' && draft !== undefined)
    return <RegisterDraft subject={subject} draft={draft} onClose={onClose} onDone={onRegistered} />;
  if (act === 'level') return <SetLevel subject={subject} onClose={onClose} />;
  if (act === 'delete') return <DeleteSubject subject={subject} onClose={onClose} />;
  return null;
}
