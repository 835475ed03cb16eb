import { hostname, userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Reprise } from '../../reprise.ts';
import type { AffectedProjection, SubjectReport } from '../../runner/subject-report.ts';
import type { RepairReport } from '../../runner/verify/verify-report.ts';
import { jsonText } from '../terminal/json-text.ts';
import { progressView } from '../terminal/progress-view.ts';
import { renderTable } from '../terminal/render-table.ts';
import { optionsOf, type Session, withApp } from '../terminal/with-app.ts';

interface ForgetOptions {
  readonly show?: boolean;
  readonly rebuild?: boolean;
  readonly by?: string;
}

/**
 * Adds `reprise forget SUBJECT`: destroys the key of a subject, or shows what is stored about it.
 */
export function addForget(program: Command): void {
  program
    .command('forget')
    .description(
      'destroy the key that encrypts the pii fields of a subject: every replay then reads [redacted]; --rebuild replaces existing rows',
    )
    .argument('<subject>', 'value of the field that "pii" names, such as a user id')
    .option('--show', 'show the keys, rows and dead letters of the subject; change nothing')
    .option('--rebuild', 'then replay the projections that read pii fields, and replace their rows')
    .option('--by <who>', 'name for the audit trail (default: user and host)')
    .action(async (subject: string, _local, command: Command) => {
      const options = optionsOf<ForgetOptions>(command);
      const by = options.by ?? `${userInfo().username}@${hostname()}`;
      await withApp(options, async (session) => {
        const { app } = session;
        const report = options.show
          ? { ...(await app.erasure.inspect(subject)), destroyed: null }
          : await app.erasure.forget(subject, { by });
        const wanted = options.rebuild === true && options.show !== true;
        const rebuilt = wanted ? await rebuildRows(session, report, options.json === true) : [];
        if (options.json) console.log(jsonText({ ...report, rebuilt }));
        else
          console.log(
            [...reportLines(report, rebuilt.length > 0), ...rebuilt.map(rebuiltLine)].join('\n'),
          );
      });
    });
}

async function rebuildRows(
  { app, signal }: Pick<Session, 'signal'> & { readonly app: Reprise },
  { projections }: SubjectReport,
  isJson: boolean,
): Promise<readonly RepairReport[]> {
  const reports: RepairReport[] = [];
  for (const { name } of projections.filter(isBuilt)) {
    const view = progressView(isJson);
    try {
      reports.push(await app.versions.repair(name, { signal, onProgress: view.show }));
    } finally {
      view.end();
    }
  }
  return reports;
}

function isBuilt({ isDeclared, state }: AffectedProjection): boolean {
  return isDeclared && state !== 'building';
}

function reportLines(
  report: SubjectReport & { readonly destroyed: boolean | null },
  isRebuilt: boolean,
): readonly string[] {
  const { subject, keys, projections, deadLetters, destroyed } = report;
  const plain = deadLetters.filter(({ isPlain }) => isPlain);
  return [
    ...(destroyed === true ? [`The key of ${subject} is destroyed.`] : []),
    ...(destroyed === false ? [`There is no key of ${subject} to destroy.`] : []),
    ...(keys.length === 0 ? [] : keyTable(keys)),
    ...(projections.length === 0 ? [] : projectionTable(projections)),
    ...projections.filter((each) => !isBuilt(each)).map(otherVersion),
    `Dead letters that hold its values encrypted: ${deadLetters.length - plain.length}.`,
    ...plain.map(
      (each) =>
        `Dead letter ${each.projection} v${each.version} ${each.topic}[${each.partition}]@${each.offset} names the subject and was never encrypted: reprise dlq discard ${each.projection} '${each.topic}[${each.partition}]@${each.offset}'`,
    ),
    ...(destroyed === null || isRebuilt || !projections.some(isBuilt)
      ? []
      : [
          `Existing rows still hold its values. To replace them: reprise forget ${subject} --rebuild`,
        ]),
  ];
}

function keyTable(keys: SubjectReport['keys']): readonly string[] {
  const rows = keys.map((key) => [
    key.keyId,
    key.createdAt,
    key.forgottenAt,
    key.forgottenBy ?? '',
  ]);
  return renderTable(['key', 'made', 'destroyed', 'by'], rows);
}

function projectionTable(projections: readonly AffectedProjection[]): readonly string[] {
  const rows = projections.map(({ name, version, state, column, rows: count }) => [
    `${name} v${version}`,
    state,
    count ?? (column === null ? 'by a replay only' : 'not counted'),
    column ?? '',
  ]);
  return renderTable(['reads pii fields', 'state', 'rows', 'by column'], rows);
}

function otherVersion({ name, version, isDeclared }: AffectedProjection): string {
  return isDeclared
    ? `${name} v${version} is being built and may hold values read before: give it up (reprise retire ${name} ${version}) and rebuild.`
    : `${name} v${version} is not the declared version: reprise retire ${name} ${version}`;
}

function rebuiltLine({ name, version, records, rowsReplaced }: RepairReport): string {
  return `${name} v${version}: ${records} records replayed, ${rowsReplaced} rows replaced.`;
}
