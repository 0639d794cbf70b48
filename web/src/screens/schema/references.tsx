// What the latest version needs, and which others need it.
import type { SchemaReference, SubjectAt, SubjectDetail } from '../../api/types.gen';
import { href } from '../../router';
import { Name } from '../../ui/name';
import { Panel } from '../../ui/panel';
import { Table, type Column } from '../../ui/table';

const at: Column<SubjectAt>[] = [
  {
    key: 'subject',
    head: 'Subject',
    cell: ({ subject, version }) => (
      <a class="name" href={href('schema', { subject }, { b: String(version) })}>
        <Name text={subject} />
      </a>
    ),
  },
  { key: 'version', head: 'Version', num: true, cell: ({ version }) => version },
];
const needs: Column<SchemaReference>[] = [
  ...at,
  {
    key: 'name',
    head: 'Named',
    cell: ({ name }) => (
      <span class="mono">
        <Name text={name} />
      </span>
    ),
  },
];

const Nothing = ({ children }: { children: string }) => <p class="calm">{children}</p>;

export function References({ subject: { references, needed_by: needers } }: { subject: SubjectDetail }) {
  return (
    <>
      <Panel title="The latest version needs">
        {references.length === 0 ? (
          <Nothing>No other schema.</Nothing>
        ) : (
          <Table label="Needs" columns={needs} rows={references} rowKey={({ name }) => name} />
        )}
      </Panel>
      <Panel title="It is needed by">
        {needers.length === 0 ? (
          <Nothing>No other schema.</Nothing>
        ) : (
          <Table
            label="Needed by"
            columns={at}
            rows={needers}
            rowKey={({ subject, version }) => `${subject} ${version}`}
          />
        )}
      </Panel>
    </>
  );
}
