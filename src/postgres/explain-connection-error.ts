import { RepriseError } from '../reprise-error.ts';
import { classify } from './classify.ts';

/** The target of a URL, without its password. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/**
 * Explains why a database cannot be reached: the reason, its address (without the password), and
 * advice. Retriable if waiting may help: a wrong password or an unknown database is permanent.
 */
export function explainConnectionError(error: unknown, url: string): RepriseError {
  const target = targetOf(url);
  const { host, port, database, user } = target;
  const [what, remedy] = reasonOf(error, target);
  return new RepriseError(
    'DATABASE_UNAVAILABLE',
    `Postgres at ${host}:${port} (database ${database}, user ${user}) ${what}. ${remedy}`,
    {
      cause: error,
      retriable: classify(error) !== 'defect',
      facts: { host, port, database, user },
    },
  );
}

function reasonOf(error: unknown, { host, port, database, user }: Target): [string, string] {
  const { code } = (error ?? {}) as { code?: unknown };
  switch (code) {
    case 'ECONNREFUSED':
      return [
        'refused the connection',
        `Start it, or correct host and port in REPRISE_DATABASE_URL; "pg_isready -h ${host} -p ${port}" tells whether a server listens there.`,
      ];
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        'was not found: the host name is unknown',
        'Correct the host in REPRISE_DATABASE_URL, or the name service.',
      ];
    case '28P01':
    case '28000':
      return [
        `did not let ${user} in: wrong password, or not allowed by pg_hba.conf`,
        'Correct user and password in REPRISE_DATABASE_URL.',
      ];
    case '3D000':
      return [
        `has no database named ${database}`,
        `Create it ("createdb -h ${host} -p ${port} ${database}"), or correct its name in REPRISE_DATABASE_URL.`,
      ];
    case '53300':
      return [
        'has no free connection',
        'Raise max_connections, or end what holds them (see pg_stat_activity).',
      ];
    default: {
      const said = error instanceof Error ? error.message || String(code) : String(error);
      return [
        `cannot be used: ${said}`,
        'Check that the server runs and that REPRISE_DATABASE_URL leads to it.',
      ];
    }
  }
}

function targetOf(url: string): Target {
  if (!URL.canParse(url)) return { host: 'an unknown host', port: 5432, database: '?', user: '?' };
  const parsed = new URL(url);
  const user = decodeURIComponent(parsed.username) || (process.env['PGUSER'] ?? '?');
  return {
    host: decodeURIComponent(parsed.hostname) || (parsed.searchParams.get('host') ?? 'localhost'),
    port: Number(parsed.port || (parsed.searchParams.get('port') ?? 5432)),
    database: decodeURIComponent(parsed.pathname.slice(1)) || user,
    user,
  };
}
