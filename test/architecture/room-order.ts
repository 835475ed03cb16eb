import type { SourceModule } from './source-tree.ts';

/**
 * The folders of a room from the bottom up: each may import those before it and none after it. `.`
 * stands for the files directly in the room.
 */
const ROOM_ORDERS: Readonly<Record<string, readonly string[]>> = {
  avro: ['schema', 'compatibility', 'pii', 'decode', 'generate'],
  projection: ['syntax', 'plan', 'check', 'declare', 'columns', 'compile'],
  fold: [
    'task',
    'rows',
    'batch',
    'aggregate',
    'generated',
    'windowed',
    'session',
    'pattern',
    'table',
    '.',
    'oracle',
  ],
  log: [
    '.',
    'kafka/wire',
    'kafka/connection',
    'kafka/read',
    'kafka/produce',
    'kafka',
    'postgres',
    'copy',
  ],
  erasure: ['.', 'postgres'],
  registry: ['.', 'confluent', 'postgres', 'server'],
  runner: [
    'settings',
    'store',
    'recovery',
    'session',
    'ownership',
    'dead-letters',
    'outbox',
    'live',
    'rebuild',
    'switch',
    'scan',
    'verify',
    'status',
    '.',
  ],
  cli: ['terminal', 'commands/schemas', 'commands', '.'],
  testing: ['.', 'contracts'],
};

/**
 * Imports from a folder of a room to one that stands above it, one line each; and folders that no
 * order names.
 */
export function orderViolations(modules: readonly SourceModule[]): readonly string[] {
  return modules.flatMap(({ path, imports }) => {
    const from = placeOf(path);
    if (from === null) return [];
    const order = ROOM_ORDERS[from.room];
    if (order === undefined) {
      return from.folder === '.' ? [] : [`${path}: the room ${from.room} has no order of folders`];
    }
    if (!order.includes(from.folder)) {
      return [`${path}: ${from.folder} is not in the order of ${from.room}`];
    }
    return imports.flatMap(({ target, line }) => {
      const to = target === null ? null : placeOf(target);
      if (to === null || to.room !== from.room) return [];
      return order.indexOf(to.folder) <= order.indexOf(from.folder)
        ? []
        : [`${path}:${line} imports ${target}: ${from.folder} stands below ${to.folder}`];
    });
  });
}

/** Room and folder of a file of src; null for one that stands at the top, or outside. */
function placeOf(path: string): { readonly room: string; readonly folder: string } | null {
  const [src, room, ...rest] = path.split('/');
  if (src !== 'src' || room === undefined || rest.length === 0) return null;
  const folder = rest.slice(0, -1).join('/');
  return { room, folder: folder === '' ? '.' : folder };
}
