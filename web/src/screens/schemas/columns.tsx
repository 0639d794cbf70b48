// What a row of the schemas says.
import type { SchemaLanguage, SchemaLevel, Subject } from '../../api/types.gen';
import { href } from '../../router';
import { Name } from '../../ui/name';
import { Num, Unknown } from '../../ui/number';
import type { Column } from '../../ui/table';

export const languages: Record<SchemaLanguage, string> = { avro: 'Avro', json: 'JSON Schema', protobuf: 'Protobuf' };

// Who says it, behind what is said.
export const levelLayers: Record<SchemaLevel['layer'], string> = {
  subject: 'its own',
  context: 'of its context',
  all: 'as for all',
};

const figure = (value: (subject: Subject) => number | undefined) => (subject: Subject) => {
  const known = value(subject);
  if (known === undefined) return <Unknown why="the registry did not say it" />;
  return (
    <span class="dim">
      <Num value={known} />
    </span>
  );
};

export const columns: Column<Subject>[] = [
  {
    key: 'name',
    head: 'Subject',
    sort: 'up',
    cell: ({ name, deleted }) => (
      <span class="row">
        <a class="name clip" href={href('schema', { subject: name })}>
          <Name text={name} />
        </a>
        {deleted && <span class="tag">deleted</span>}
      </span>
    ),
  },
  {
    key: 'language',
    head: 'Language',
    width: 116,
    cell: ({ language }) => <span class="dim">{language && languages[language]}</span>,
  },
  { key: 'version', head: 'Latest', num: true, width: 80, cell: figure(({ version }) => version) },
  { key: 'versions', head: 'Versions', num: true, width: 92, hide: 'mid', cell: figure(({ versions }) => versions) },
  { key: 'id', head: 'Id', num: true, width: 84, hide: 'mid', cell: figure(({ id }) => id) },
  {
    key: 'level',
    head: 'Has to fit',
    width: 232,
    hide: 'mid',
    cell: ({ level }) =>
      level && (
        <>
          {level.level} <span class="dimmer">{levelLayers[level.layer]}</span>
        </>
      ),
  },
  { key: 'references', head: 'Needs', num: true, width: 76, hide: 'wide', cell: figure(({ references }) => references) },
  {
    key: 'topics',
    head: 'Records of',
    width: 240,
    hide: 'wide',
    cell: ({ topics }) =>
      topics.map(({ topic, part }) => (
        <span class="clip" key={part}>
          <a class="link" href={href('topic', { topic })}>
            <Name text={topic} />
          </a>
          <span class="dimmer"> {part}s</span>
        </span>
      )),
  },
];
