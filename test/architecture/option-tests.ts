/**
 * A test that exercises declared options at run time: its file, its title there, and the options.
 */
export interface OptionTest {
  readonly file: string;
  readonly title: string;
  readonly options: readonly string[];
}

/**
 * Every option of the reference of projections with the test that exercises it; named as
 * `declaredOptions` names them.
 */
export const OPTION_TESTS: readonly OptionTest[] = [
  {
    file: 'test/integration/declared-options.test.ts',
    title: 'index and comment reach Postgres, for every kind',
    options: ['columns.comment', 'pattern.index', 'session.index', 'table.index', 'windowed.index'],
  },
  {
    file: 'test/integration/kinds-in-postgres.test.ts',
    title:
      'any live course with ticks, crashes and double delivery, replayed in any other, leaves the same to the byte (laws 1, 2, 5, 7, 9)',
    options: [
      'avg()',
      'countDistinct()',
      'min()',
      'option exactUpTo',
      'option result',
      'option where',
      'pattern.alert',
      'pattern.oneOrMore',
      'pattern.row',
      'pattern.within',
      'sliding()',
      'variance()',
    ],
  },
  {
    file: 'test/integration/merged-view.test.ts',
    title: 'a view merges the rows of several partitions as the fold does, bit for bit',
    options: ['option distinctUpTo'],
  },
  {
    file: 'test/unit/fold/pattern/documented-examples.test.ts',
    title: '%s',
    options: ['pattern.optional', 'pattern.times', 'pattern.until'],
  },
  {
    file: 'test/unit/fold/pattern/documented-examples.test.ts',
    title: '(a | b | c) (b | c) c+ greedy d with %s',
    options: ['pattern.greedy'],
  },
  {
    file: 'test/unit/fold/pattern/documented-examples.test.ts',
    title: 'a loop that is %s',
    options: ['pattern.allowCombinations', 'pattern.consecutive'],
  },
  {
    file: 'test/unit/fold/pattern/documented-examples.test.ts',
    title: 'b+ c with %s',
    options: [
      'noSkip()',
      'pattern.afterMatch',
      'skipPastLastEvent()',
      'skipToFirst()',
      'skipToLast()',
      'skipToNext()',
    ],
  },
  {
    file: 'test/unit/fold/pattern/flink-meaning.test.ts',
    title: 'skipPastLastEvent takes the match that began first',
    options: ['pattern.onTimeout'],
  },
  {
    file: 'test/unit/fold/pattern/pattern-laws.test.ts',
    title:
      'matches what the plain fold finds, and the same in every replay and division (laws 1, 2, 5, 7)',
    options: ['pattern.timesOrMore'],
  },
  {
    file: 'test/unit/fold/pattern/run-limit.test.ts',
    title:
      'a key with more partial matches than it may have is quarantined, others go on (lateness %s)',
    options: ['option maxRunsPerKey'],
  },
  {
    file: 'test/unit/fold/processing-time.test.ts',
    title: '%o by processing time folds records of any age, and event time is the clock',
    options: ['processingTime()', 'session.time', 'table.time', 'windowed.time'],
  },
  {
    file: 'test/unit/fold/scenario-laws.test.ts',
    title:
      'are what the plain fold gives, and the same in every replay and division (laws 1, 2, 5, 7)',
    options: [
      'aggregate()',
      'collect()',
      'customWindows()',
      'first()',
      'last()',
      'max()',
      'option add',
      'option column',
      'option end',
      'option every',
      'option merge',
      'option offset',
      'option start',
      'option zero',
      'stddev()',
      'topK()',
    ],
  },
  {
    file: 'test/unit/fold/scenario-laws.test.ts',
    title: 'do not show the order of arrival inside the lateness (law 4)',
    options: ['option lateness'],
  },
  {
    file: 'test/unit/fold/table/table-laws.test.ts',
    title:
      'tables are what the plain fold gives, and the same in every replay and division (laws 1, 2, 7)',
    options: ['bigint()', 'double()', 'table.keys', 'table.lookup', 'table.main', 'timestamp()'],
  },
  {
    file: 'test/unit/fold/table/tombstones.test.ts',
    title: 'pass tombstones over unless they are told to refuse them',
    options: ['pattern.onTombstone', 'session.onTombstone', 'windowed.onTombstone'],
  },
  {
    file: 'test/unit/fold/table/tombstones.test.ts',
    title:
      'tombstones in tables are what the plain fold makes of them, and the same in every replay and division',
    options: ['table.onTombstone'],
  },
  {
    file: 'test/unit/projection/key-order.test.ts',
    title:
      'a key that names the primary key in another order means its columns by name, in lookups too',
    options: ['option key'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'columns of days, booleans, decimals and JSON hold what handlers give',
    options: ['boolean()', 'columns.nullable', 'date()', 'decimal()', 'json()'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: "idle: 'off' never ticks, where a close would",
    options: ['option idle'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title:
      'late and onRevise: a late event corrects, is published where asked for, or is set aside',
    options: ['option late'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'maxDrift: an event is set aside as FUTURE only beyond it',
    options: ['option maxDrift'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'maxLength: a session is split at the first event beyond it',
    options: ['option maxLength'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'on and of: a step or a measure takes one event of several',
    options: ['option of', 'option on'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'onRevise: a late event is published as a correction only where that is asked for',
    options: [
      'count()',
      'option onRevise',
      'pattern.key',
      'session.key',
      'session.measure',
      'session.onClose',
      'table.key',
      'tumbling()',
      'windowed.key',
      'windowed.measure',
      'windowed.onClose',
      'windowed.window',
    ],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'onePartition: rows by another key than the record key, of one partition and no other',
    options: ['option onePartition'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'quantile relativeError: the answer is as near as asked for',
    options: ['option gap', 'option relativeError', 'quantile()', 'session.session'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'time: another field, or the record timestamp, is the event time',
    options: [
      'begin()',
      'columns.primaryKey',
      'ingestionTime()',
      'int()',
      'pattern.pattern',
      'pattern.time',
      'table.on',
      'table.table',
      'text()',
    ],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'timeZone: days are those of the zone, of 23 and 25 hours where its clocks change',
    options: ['option timeZone'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'where: only the events that meet it count, in every kind',
    options: ['pattern.where', 'session.where', 'table.where', 'windowed.where'],
  },
  {
    file: 'test/unit/projection/options.test.ts',
    title: 'zScore min: no score before the key has so many closed windows',
    options: ['option emit', 'option min', 'sum()', 'zScore()'],
  },
];
