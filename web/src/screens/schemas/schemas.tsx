// Every subject of the schema registry.
import { usePages } from '../../api/pages';
import type { Subject, SubjectPage } from '../../api/types.gen';
import { Icon } from '../../icons';
import { go, href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { Empty } from '../../ui/state';
import type { Tab } from '../../ui/tabs';
import { RegisterSubject } from '../changes/schema_changes';
import { ListPage } from '../shared/list_page';
import { columns } from './columns';

export default function Schemas({ place }: { place: Place<'schemas'> }) {
  const { q, show, sort, act } = place.query;
  const subjects = usePages<Subject, SubjectPage>('/schemas', { q, show, sort });
  return (
    <>
      <ListPage
        title="Schemas"
        acts={
          mayChange() && (
            <a class="btn" href={href('schemas', {}, { ...place.query, act: 'register' })}>
              <Icon name="add" size={14} />
              Register schema
            </a>
          )
        }
        rows={subjects}
        columns={columns}
        seen={place.query}
        see={(change, how) => see(place, change, how)}
        hint="Filter by name, or /^a.*-value$/"
        choice={{ label: 'Which subjects', now: show, choices: choices(place, subjects.head) }}
        counted
        order={`${q}|${show}`}
        empty={<NoSubjects place={place} />}
      />
      {act === 'register' && (
        <RegisterSubject
          onClose={() => see(place, { act: '' })}
          onDone={(subject) => go(href('schema', { subject }))}
        />
      )}
    </>
  );
}

function choices(place: Place<'schemas'>, page: SubjectPage | undefined): Tab[] {
  const to = (show: Place<'schemas'>['query']['show']) => href('schemas', {}, { ...place.query, show, at: 0 });
  return [
    { key: 'there', label: 'There', href: to('there') },
    { key: 'deleted', label: 'Deleted', href: to('deleted'), count: page?.deleted },
  ];
}

function NoSubjects({ place: { query } }: { place: Place<'schemas'> }) {
  if (query.q)
    return (
      <Empty title="No subject has this in its name">
        Between slashes it is a regular expression. Press Esc in the filter to empty it.
      </Empty>
    );
  if (query.show === 'deleted') return <Empty title="No subject is deleted">Choose There to see the others.</Empty>;
  return (
    <Empty
      title="There are no schemas yet"
      command="thalweg schema register orders-value orders.avsc"
    >
      A program that writes with a serializer for Avro, JSON Schema or Protobuf registers its schema by itself, where
      schema.registry.url leads here. A subject is the topic’s name with -value or -key.
    </Empty>
  );
}
