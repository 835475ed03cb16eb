import type { Migration } from './migration.ts';

/** The schema registry for those who run without a foreign one. New tables: breaks nothing. */
export const registry: Migration = {
  name: '0003-registry',
  breaking: false,
  async up(knex) {
    await knex.raw(tables);
    await knex.raw(comments);
  },
};

const tables = `
create table reprise.registry_schemas (
  id int primary key,
  schema_text text not null,
  schema_sha256 bytea not null unique
);
create table reprise.registry_versions (
  subject text not null,
  version int not null check (version > 0),
  id int not null references reprise.registry_schemas (id),
  registered_at timestamptz not null default now(),
  primary key (subject, version),
  unique (subject, id)
);
create table reprise.registry_compatibility (
  subject text primary key,
  level text not null check (level in
    ('NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'))
);
insert into reprise.registry_compatibility (subject, level) values ('', 'BACKWARD_TRANSITIVE');`;

const comments = `
comment on table reprise.registry_schemas is 'Schema texts, verbatim; the same text has one id in every subject.';
comment on column reprise.registry_schemas.id is 'The id in the five bytes before every encoded value. Gapless, from 1.';
comment on column reprise.registry_schemas.schema_sha256 is 'Of the UTF-8 text: texts may be longer than an index entry.';
comment on table reprise.registry_versions is 'Versions of each subject, from 1.';
comment on table reprise.registry_compatibility is 'Level per subject; the row with the empty subject is the global one.';
`;
