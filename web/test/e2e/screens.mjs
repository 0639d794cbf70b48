// Every screen by a name: what axe looks at, what is made narrow, what is kept as a picture.
export const screens = {
  overview: '/',
  topics: '/topics',
  partitions: '/topics/audit.raw',
  'topic-groups': '/topics/billing.invoices/groups',
  configuration: '/topics/billing.invoices/configuration',
  option: '/topics/billing.invoices/configuration?option=retention.ms',
  groups: '/groups',
  group: '/groups/invoice-writer',
  members: '/groups/invoice-writer/members',
  brokers: '/brokers',
  broker: '/brokers/1',
  about: '/about',
  nowhere: '/nowhere',
};
