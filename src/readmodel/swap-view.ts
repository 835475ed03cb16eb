import type { ClientBase } from 'pg';
import type { TablePlan } from '../projection/table-plan.ts';
import { RepriseError } from '../reprise-error.ts';
import { commentOn } from './create-table.ts';
import { quoted, quotedList, tableName, viewName } from './table-name.ts';

/**
 * Points the stable view at a version's table, in the caller's transaction: readers see the old version until it commits and the new one after. Shows key
 * and measure columns. Where their names or types differ from the view's it is dropped and made anew, with the grants it had.
 * @throws ACTIVATE_REFUSED when something else has that name, or when other objects depend on a view whose columns change
 */
export async function swapView(client: ClientBase, plan: TablePlan): Promise<void> {
  const view = viewName(plan);
  const shown = plan.columns.filter(({ role }) => role !== 'state');
  const existing = await readView(client, plan);
  const wanted = shown.map(({ name, type }) => ({ name, type: SQL_TYPE[type] ?? type }));
  const same = JSON.stringify(existing?.columns) === JSON.stringify(wanted);
  if (existing !== null && !same) await dropView(client, plan);
  const statements = [
    `create or replace view ${view} as select ${quotedList(shown.map(({ name }) => name))} from ${tableName(plan)}${rowsShown(plan)}`,
    commentOn(`view ${view}`, plan.comment),
    ...shown.map(({ name, comment }) => commentOn(`column ${view}.${quoted(name)}`, comment)),
    ...(existing === null || same ? [] : existing.grants),
  ];
  await client.query(statements.join(';\n'));
}

/** Rows that are shown only once a hidden flag is set: closed windows. */
function rowsShown({ view }: TablePlan): string {
  return view === null || view.onlyWhere === null ? '' : ` where ${quoted(view.onlyWhere)}`;
}

/** Our short names of types, as Postgres prints them. */
const SQL_TYPE: Readonly<Record<string, string>> = {
  int4: 'integer',
  int8: 'bigint',
  float8: 'double precision',
  timestamptz: 'timestamp with time zone',
};

interface ExistingView {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Statements that give the view's privileges again. */
  readonly grants: readonly string[];
}

async function readView(client: ClientBase, plan: TablePlan): Promise<ExistingView | null> {
  const { rows } = await client.query<{
    kind: string;
    columns: ExistingView['columns'];
    grants: readonly string[] | null;
  }>(
    `select relkind as kind,
       (select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) order by attnum)
        from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns,
       (select array_agg(format('grant %s on public.%I to %s%s', privilege_type, relname,
          case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
          case when is_grantable then ' with grant option' else '' end))
        from aclexplode(relacl) where grantee <> relowner) as grants
     from pg_class c where relnamespace = 'public'::regnamespace and relname = $1`,
    [plan.name],
  );
  const found = rows[0];
  if (found === undefined) return null;
  if (found.kind !== 'v') {
    throw new RepriseError(
      'ACTIVATE_REFUSED',
      `public.${plan.name} exists and is not a view, so the read model cannot have that name. Rename or drop it, or give the projection another name.`,
      { facts: { projection: plan.name, version: plan.version } },
    );
  }
  return { columns: found.columns, grants: found.grants ?? [] };
}

async function dropView(client: ClientBase, plan: TablePlan): Promise<void> {
  try {
    await client.query(`drop view ${viewName(plan)}`);
  } catch (error) {
    const { code, detail } = error as { code?: unknown; detail?: unknown };
    if (code !== '2BP01') throw error;
    throw new RepriseError(
      'ACTIVATE_REFUSED',
      `The columns of the view ${plan.name} change with version ${plan.version}, but other objects depend on it: ${String(detail)}. Drop them, activate again, and create them anew.`,
      { cause: error, facts: { projection: plan.name, version: plan.version } },
    );
  }
}
