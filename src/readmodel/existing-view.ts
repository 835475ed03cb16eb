import type { ClientBase } from 'pg';
import type { TablePlan } from '../projection/plan/table-plan.ts';
import { RepriseError } from '../reprise-error.ts';

/** A view in the database. */
export interface ExistingView {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Statements that grant the view's privileges again. */
  readonly grants: readonly string[];
}

/**
 * Returns the view of that name in schema public; null if nothing has the name. @throws
 * ACTIVATE_REFUSED if another object has it
 */
export async function readView(client: ClientBase, plan: TablePlan): Promise<ExistingView | null> {
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
