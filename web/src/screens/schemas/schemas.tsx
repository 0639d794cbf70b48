// Every subject of the schema registry.
import { usePages } from '../../api/pages';
import type { Subject, SubjectPage } from '../../api/types.gen';
import { Icon } from '../../icons';
import { go, href, see, type Place } from '../../router';
import { mayChange } from '../../session';
import { Filter } from '../../ui/field';
import { Num } from '../../ui/number';
import { Panel } from '../../ui/panel';
import { Empty, Failure, NotRefreshed } from '../../ui/state';
import { ScrollTable } from '../../ui/table';
import { Choice } from '../../ui/tabs';
import { RegisterSubject } from '../changes/schema_changes';
import { columns } from './columns';

export default function Schemas({ place }: { place: Place<'schemas'> }) {
  const { q, show, sort, at, act } = place.query;
  const subjects = usePages<Subject, SubjectPage>('/schemas', { q, show, sort });
  const refused = subjects.trouble?.problem?.status === 400 ? subjects.trouble : undefined;
  const to = (which: typeof show) => href('schemas', {}, { ...place.query, show: which, at: 0 });
  return (
    <>
      <div class="head">
        <h1>Schemas</h1>
        {mayChange() && (
          <div class="acts">
            <a class="btn" href={href('schemas', {}, { ...place.query, act: 'register' })}>
              <Icon name="add" size={14} />
              Register schema
            </a>
          </div>
        )}
      </div>
      <div class="row tools">
        <Filter
          value={q}
          hint="Filter by name, or /^a.*-value$/"
          wrong={refused?.message}
          onInput={(text) => see(place, { q: text, at: 0 }, { replace: true })}
        />
        <Choice
          label="Which subjects"
          now={show}
          choices={[
            { key: 'there', label: 'There', href: to('there') },
            { key: 'deleted', label: 'Deleted', href: to('deleted'), count: subjects.head?.deleted },
          ]}
        />
        {subjects.total !== undefined && !subjects.old && (
          <span class="dim" role="status">
            <Num value={subjects.total} /> of them
          </span>
        )}
      </div>
      {!refused && <NotRefreshed of={subjects} />}
      <Panel fill>
        {subjects.trouble && !refused && subjects.total === undefined ? (
          <Failure trouble={subjects.trouble} retry={subjects.reload} />
        ) : subjects.total === 0 && !refused ? (
          <NoSubjects place={place} />
        ) : (
          <ScrollTable
            label="Schemas"
            columns={columns}
            total={subjects.total}
            row={subjects.row}
            rowKey={({ name }) => name}
            sort={sort || 'name'}
            order={`${q}|${show}`}
            onSort={(next) => see(place, { sort: next === 'name' ? '' : next, at: 0 })}
            want={subjects.want}
            at={at}
            onAt={(index) => see(place, { at: index }, { replace: true })}
            old={subjects.old}
          />
        )}
      </Panel>
      {act === 'register' && (
        <RegisterSubject
          onClose={() => see(place, { act: '' })}
          onDone={(subject) => go(href('schema', { subject }))}
        />
      )}
    </>
  );
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
