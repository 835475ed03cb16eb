import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);
const modules = join(inject('equippedProject'), 'node_modules');
const folder = join(inject('equippedProject'), 'messages');

/** A mistake on each line, and what the compiler's message must name besides it. */
const MISTAKES: readonly (readonly [line: string, names: readonly string[]])[] = [
  [`tables.key('acountId').on(Opened, () => null);`, ['acountId', 'accountId', 'owner']],
  [`windows.from(Opened).key('acountId');`, ['accountId', 'owner']],
  [`windows.from(Opened).time('opened');`, ['openedAt']],
  [`tables.index('accountId');`, ['account_id', 'owner']],
  [`query.where('accountId', 'a');`, ['account_id', 'owner']],
  [`query.orderBy('acount_id');`, ['account_id', 'owner']],
  [`query.select('account_id', 'nope');`, ['account_id', 'owner']],
];

const DECLARED = `
import { columns, TableProjection, text, WindowedProjection } from 'reprise';
import type { EventDefinition, ReadModels } from 'reprise';
interface Opened { readonly accountId: string; readonly owner: string; readonly openedAt: Date }
declare const Opened: EventDefinition<Opened>;
abstract class Tables extends TableProjection {
  static step() { return (null as unknown as Accounts).define(); }
}
class Accounts extends Tables {
  name = 'accounts';
  version = 1;
  define() { return this.table(columns({ accountId: text().primaryKey(), owner: text() })); }
}
abstract class Windows extends WindowedProjection {
  override from = super.from;
}
const tables = Tables.step();
declare const windows: Windows;
declare const readModels: ReadModels;
const query = readModels.query(Accounts);
`;

describe.each(['typescript59', 'typescript-newest'])('the messages of %s', (compiler) => {
  const source = join(folder, `${compiler}.ts`);
  let messages: string;

  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(source, `${DECLARED}${MISTAKES.map(([line]) => line).join('\n')}\n`);
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--pretty', 'false'];
    const module = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const tsc = join(modules, compiler, 'bin/tsc');
    messages = await run('node', [tsc, ...flags, ...module, source], { cwd: folder }).then(
      () => '',
      ({ stdout }: { readonly stdout: string }) => stdout,
    );
  });

  it.each(MISTAKES)('on %s name the fields there are', (line, names) => {
    const at = DECLARED.split('\n').length + MISTAKES.findIndex(([each]) => each === line);
    const told = messages.split('\n').filter((each) => each.includes(`.ts(${at},`));
    expect(told, messages).toHaveLength(1);
    for (const name of names) expect(told[0]).toContain(`"${name}"`);
    expect(told[0]).not.toContain("'never'");
  });
});
