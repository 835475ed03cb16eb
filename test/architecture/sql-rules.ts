import ts from 'typescript';
import { lineOf, type SourceModule } from './source-tree.ts';

/** Where transactions begin and end, and where errors of Postgres are classified. */
const POSTGRES = 'src/postgres/';

/** `begin`, `commit` and `rollback` that are run outside the room `postgres`, one line each. */
export function strayTransactions(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) =>
    module.path.startsWith(POSTGRES)
      ? []
      : textsOf(module)
          .filter(({ node, text }) => isQueried(node) && TRANSACTION.test(text))
          .map(({ node, text }) => `${module.path}:${lineOf(module, node)} runs ${text.trim()}`),
  );
}

const TRANSACTION = /^\s*(begin|start transaction|commit|end|rollback(?! to))\b/i;

/** Files that still look at SQLSTATEs themselves, and why. */
const OWN_CLASSES: Readonly<Record<string, string>> = {
  'src/cli/commands/query.ts': 'tells a view that is missing and a value that does not fit',
  'src/composition/moved-database.ts': 'a database that is not there is an answer',
};

/** SQLSTATEs outside the room `postgres`, as texts or asked for with `sqlStateOf`. */
export function strayErrorClasses(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    if (module.path.startsWith(POSTGRES) || OWN_CLASSES[module.path] !== undefined) return [];
    const states = textsOf(module)
      .filter(({ text }) => SQLSTATE.test(text) && !SIZE.test(text))
      .map(({ node, text }) => `${module.path}:${lineOf(module, node)} knows ${text}`);
    const asked = module.imports
      .filter(({ names }) => names.includes('sqlStateOf'))
      .map(({ line }) => `${module.path}:${line} imports sqlStateOf`);
    return [...states, ...asked];
  });
}

/** As `sqlStateOf`, and with a digit: words are no states. */
const SQLSTATE = /^(?=.*\d)[0-9A-DF-Z][0-9A-Z]{4}$/;
/** `256MB` */
const SIZE = /^\d+[KMG]B$/;

const REGISTRY = 'src/registry/postgres/';
const LOG = 'src/log/postgres/';
const ERASURE = 'src/erasure/postgres/';

/** Reads, with one statement, where a projection stands: `readmodel` lies below the runner. */
const WAITING = 'src/readmodel/wait-for-position.ts';

/**
 * The tables of the schema `reprise` and who may name them in SQL: store modules of the runner by
 * their names, others by path, rooms by their folder. The first is the table's own store; the
 * others join it. `*`: tables named by an expression.
 */
const STORES: Readonly<Record<string, readonly string[]>> = {
  '*': ['create-tables', 'take-over-coverage', 'version-store'],
  tasks: ['task-store', 'checkpoint-store', 'instance-store', 'take-over-coverage', WAITING],
  checkpoints: ['checkpoint-store', 'task-store', 'journal-store', 'take-over-coverage', WAITING],
  instances: ['instance-store'],
  projections: [
    'version-store',
    'assert-known',
    'create-tables',
    'checkpoint-store',
    'task-store',
    'instance-store',
    'journal-store',
    'outbox-store',
    WAITING,
  ],
  projection_versions: [
    'version-store',
    'checkpoint-store',
    'task-store',
    'instance-store',
    'outbox-store',
    'take-over-coverage',
    WAITING,
  ],
  topic_partitions: ['added-partitions'],
  dead_letters: ['dead-letter-store', 'assert-database', 'take-over-coverage', WAITING],
  late_events: ['late-event-store'],
  journal: ['journal-store', 'take-over-coverage'],
  covered_time: ['take-over-coverage', 'checkpoint-store'],
  covered_offsets: ['take-over-coverage'],
  uncovered_records: ['take-over-coverage'],
  outbox: ['outbox-store', 'outbox-queue-store', 'create-tables'],
  publisher: ['outbox-queue-store'],
  data_keys: [ERASURE],
  log_topics: [LOG, 'src/composition/moved-database.ts'],
  log_partitions: [LOG],
  log_records: [LOG],
  registry_schemas: [REGISTRY],
  registry_versions: [REGISTRY],
  registry_compatibility: [REGISTRY],
  registry_modes: [REGISTRY],
  registry_identity: [REGISTRY],
};

/** SQL on tables of the schema `reprise` outside their stores, and tables that have none. */
export function strayTables(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) =>
    textsOf(module).flatMap(({ node, text }) =>
      tablesIn(text)
        .filter((table) => !mayName(module.path, table))
        .map((table) => `${module.path}:${lineOf(module, node)} names reprise.${table}`),
    ),
  );
}

/** Tables that SQL in a text reads or writes. */
function tablesIn(text: string): readonly string[] {
  const named = text.matchAll(
    /(?:\b(?:from|join|into|update|table|of)\s+|, |regclass\(')reprise\.([a-z_]+|\$\{\})(?![\w(])/gi,
  );
  return [...named].map(([, name]) => (name === '${}' ? '*' : (name as string)));
}

function mayName(path: string, table: string): boolean {
  return (STORES[table] ?? []).some((store) => {
    if (store.endsWith('/')) return path.startsWith(store);
    return path === (store.includes('/') ? store : `src/runner/store/${store}.ts`);
  });
}

/** One string, or the text of one template with `${}` for each of its expressions. */
interface SourceText {
  readonly node: ts.Node;
  readonly text: string;
}

function textsOf({ ast }: SourceModule): readonly SourceText[] {
  const found: SourceText[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      found.push({ node, text: node.text });
    } else if (ts.isTemplateExpression(node)) {
      const rest = node.templateSpans.map(({ literal }) => literal.text);
      found.push({ node, text: [node.head.text, ...rest].join('${}') });
    }
    ts.forEachChild(node, visit);
  };
  visit(ast);
  return found;
}

/** Whether a text is the first argument of a call of `query`. */
function isQueried(node: ts.Node): boolean {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || parent.arguments[0] !== node) return false;
  const { expression } = parent;
  return ts.isPropertyAccessExpression(expression) && expression.name.text === 'query';
}

/** Entries of the tables above that name nothing any more. */
export function staleSqlExceptions(modules: readonly SourceModule[]): readonly string[] {
  const paths = modules.map(({ path }) => path);
  const stale = Object.keys(STORES).flatMap((table) =>
    (STORES[table] ?? [])
      .filter((store) => {
        const users = modules.filter(({ path }) => path.includes(store));
        return !users.some((user) =>
          textsOf(user).some(({ text }) => tablesIn(text).includes(table)),
        );
      })
      .map((store) => `${store} does not name ${table}`),
  );
  return [...Object.keys(OWN_CLASSES).filter((path) => !paths.includes(path)), ...stale];
}
