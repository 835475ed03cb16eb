import { type Command, InvalidArgumentError } from 'commander';
import type { LogPosition } from '../../log/log-position.ts';
import type {
  DeadLetterSelection,
  DeadLetterStatus,
  RedriveReport,
} from '../../runner/dead-letters/dead-letter-status.ts';
import { EXIT } from '../terminal/exit.ts';
import { jsonText } from '../terminal/json-text.ts';
import type { LetterValue } from '../terminal/letter-value.ts';
import { readLetterValue } from '../terminal/letter-value.ts';
import { renderTable } from '../terminal/render-table.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

interface SelectionOptions {
  readonly all?: boolean | undefined;
  readonly key?: string | undefined;
}

/** Adds `reprise dlq list | show | redrive | discard`, for records that were set aside. */
export function addDeadLetters(program: Command): void {
  const dlq = program
    .command('dlq')
    .description('list, show, redrive and discard records that could not be folded');
  dlq
    .command('list')
    .description('list dead letters with their reasons')
    .argument('[name]', 'projection (default: all)')
    .option('--key <text>', 'only dead letters of this record key')
    .action(async (name: string | undefined, _local, command: Command) => {
      const options = optionsOf<SelectionOptions>(command);
      const letters = await withApp(options, ({ app }) =>
        app.deadLetters.list({
          ...(name !== undefined && { projection: name }),
          ...ofKey(options),
        }),
      );
      if (options.json) return console.log(jsonText({ deadLetters: letters }));
      const none =
        name === undefined
          ? `There are no dead letters${withKey(options)}.`
          : noneText(name + withKey(options));
      console.log(letters.length === 0 ? none : listText(letters));
    });
  dlq
    .command('show')
    .description('show one dead letter with its key and value')
    .argument('<name>', 'projection')
    .argument('<position>', 'record position, such as payments[3]@1042', position)
    .action(async (name: string, at: LogPosition, _local, command: Command) => {
      const options = optionsOf<object>(command);
      const letters = await withApp(options, async ({ app }) => {
        const found = await app.deadLetters.list({ projection: name, position: at });
        return Promise.all(
          found.map(async (letter) => ({ letter, read: await readLetterValue(app, letter) })),
        );
      });
      const json = letters.map(({ letter, read }) => ({ ...letter, ...read }));
      if (options.json) return console.log(jsonText({ deadLetters: json }));
      console.log(letters.map(({ letter, read }) => letterText(letter, read)).join('\n\n'));
    });
  addRedrive(dlq);
  addDiscard(dlq);
}

function addRedrive(dlq: Command): void {
  dlq
    .command('redrive')
    .description('fold dead letters again, in order; when one fails, later ones of its key wait')
    .argument('<name>', 'projection')
    .argument('[position]', 'record position, such as payments[3]@1042', position)
    .option('--key <text>', 'all dead letters of this record key')
    .option('--all', 'all dead letters of the projection')
    .action(async (name: string, at: LogPosition | undefined, _local, command: Command) => {
      const options = optionsOf<SelectionOptions>(command);
      const selection = selected(name, at, options);
      const report = await withApp(options, ({ app }) => app.deadLetters.redrive(selection));
      console.log(options.json ? jsonText(report) : redriveText(name + withKey(options), report));
      if (report.failed.length > 0) process.exitCode = EXIT.failed;
    });
}

function addDiscard(dlq: Command): void {
  dlq
    .command('discard')
    .description('delete dead letters; the records stay in the log, and a rebuild folds them again')
    .argument('<name>', 'projection')
    .argument('[position]', 'record position, such as payments[3]@1042', position)
    .option('--key <text>', 'all dead letters of this record key')
    .option('--all', 'all dead letters of the projection')
    .action(async (name: string, at: LogPosition | undefined, _local, command: Command) => {
      const options = optionsOf<SelectionOptions>(command);
      const selection = selected(name, at, options);
      const discarded = await withApp(options, ({ app }) => app.deadLetters.discard(selection));
      if (options.json) return console.log(jsonText({ discarded }));
      console.log(discarded === 0 ? noneText(name + withKey(options)) : `Discarded: ${discarded}.`);
    });
}

/**
 * Returns the selection. Requires exactly one of position, `--key` and `--all`, so that nothing is
 * selected by omission.
 */
function selected(
  projection: string,
  position: LogPosition | undefined,
  { key, all }: SelectionOptions,
): DeadLetterSelection {
  if ([position, key, all].filter((each) => each !== undefined).length !== 1) {
    throw new InvalidArgumentError(
      'Name a position, such as payments[3]@1042, or --key, or --all.',
    );
  }
  return { projection, ...(position && { position }), ...ofKey({ key }) };
}

function ofKey({ key }: SelectionOptions): Pick<DeadLetterSelection, 'key'> {
  return key === undefined ? {} : { key: Buffer.from(key) };
}

function withKey({ key }: SelectionOptions): string {
  return key === undefined ? '' : ' with that key';
}

const PARTITION_MAX = 2 ** 31 - 1;
const OFFSET_MAX = 2n ** 63n - 1n;

/** Parses a record position: `payments[3]@1042`. */
function position(text: string): LogPosition {
  const [, topic, partition, offset] = /^(.+)\[(\d+)\]@(\d+)$/.exec(text) ?? [];
  if (
    topic === undefined ||
    offset === undefined ||
    Number(partition) > PARTITION_MAX ||
    BigInt(offset) > OFFSET_MAX
  ) {
    throw new InvalidArgumentError('Write a position such as payments[3]@1042.');
  }
  return { topic, partition: Number(partition), offset: BigInt(offset) };
}

function redriveText(name: string, report: RedriveReport): string {
  const { redriven, failed, waiting, gone = 0 } = report;
  if (redriven + failed.length + waiting + gone === 0) return noneText(name);
  return [
    ...failed.map((each) => `${positionText(each)} failed again: ${each.reason}: ${each.message}`),
    `Folded: ${redriven}. Failed again: ${failed.length}. Waiting behind these: ${waiting}.`,
    ...(gone === 0 ? [] : [`Folded or discarded elsewhere in the meantime: ${gone}.`]),
  ].join('\n');
}

function listText(letters: readonly DeadLetterStatus[]): string {
  const rows = letters.map((letter) => [
    `${letter.projection} v${letter.version}`,
    positionText(letter),
    letter.reason,
    letter.attempts,
    letter.quarantine ?? '',
    letter.recordTimestamp,
    letter.message,
  ]);
  return renderTable(
    ['projection', 'record', 'reason', 'attempts', 'quarantine', 'timestamp', 'message'],
    rows,
  ).join('\n');
}

function letterText(letter: DeadLetterStatus, read: LetterValue): string {
  const { key, value, headers } = letter;
  return [
    `${letter.projection} v${letter.version} ${positionText(letter)}`,
    `reason: ${letter.reason}, after ${letter.attempts} attempts, set aside ${letter.setAsideAt.toISOString()}`,
    letter.message,
    `timestamp: ${letter.recordTimestamp?.toISOString() ?? 'none'}`,
    `key: ${key === null ? 'none' : printable(key)}`,
    ...headers.map(
      (header) =>
        `header ${header.key}: ${header.value === null ? 'null' : printable(header.value)}`,
    ),
    `value: ${value === null ? 'none (a tombstone)' : valueText(value, read)}`,
  ].join('\n');
}

/** Returns the decoded value if its schema is known, else hexadecimal. */
function valueText(value: Buffer, { decoded, schemaId }: LetterValue): string {
  const by = schemaId === null ? '' : ` (schema ${schemaId})`;
  return `${decoded === undefined ? `\\x${value.toString('hex')}` : jsonText(decoded)}${by}`;
}

function noneText(name: string): string {
  return `There are no dead letters of ${name}.`;
}

function positionText({ topic, partition, offset }: LogPosition): string {
  return `${topic}[${partition}]@${offset}`;
}

/** Returns text if the bytes are text, else hexadecimal. */
function printable(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return /^[\x20-\x7e]*$/.test(text) ? text : `\\x${bytes.toString('hex')}`;
}
