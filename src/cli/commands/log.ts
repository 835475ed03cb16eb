import { type Command, Option } from 'commander';
import type { MoveLogReport } from '../../composition/move-log-to-kafka.ts';
import { findConfigFile, loadConfigFile } from '../../config/load-config-file.ts';
import type { RepriseConfig } from '../../config/reprise-config.ts';
import { EXIT } from '../terminal/exit.ts';
import { jsonText } from '../terminal/json-text.ts';
import { progressView } from '../terminal/progress-view.ts';
import { Interrupted, stopOnSignals } from '../terminal/stop-on-signals.ts';
import { type GlobalOptions, optionsOf, quietly } from '../terminal/with-app.ts';
import { addLogRepartition } from './log-repartition.ts';

interface MoveOptions {
  readonly brokers?: string;
  readonly topic: readonly string[];
  readonly copyOnly?: true;
}

/**
 * Adds `reprise log`: `move-to-kafka` moves the log from Postgres to Kafka, `repartition` copies a
 * topic with added partitions.
 */
export function addLog(program: Command): void {
  const log = program
    .command('log')
    .description('move the log from Postgres to Kafka, or repartition a topic');
  log
    .command('move-to-kafka')
    .description(
      'move the log from Postgres to Kafka: each record keeps its partition and offset, and is compared byte by byte; projections resume without a rebuild. Safe to repeat: copies what is missing',
    )
    .option(
      '--brokers <list>',
      'host:port of the cluster; separate several by commas (default: the Kafka of the configuration)',
    )
    .addOption(
      new Option('--topic <name>', 'topic to move (may be repeated)')
        .argParser(collect)
        .default([], 'all'),
    )
    .option('--copy-only', 'copy and compare only; projections stay on Postgres (rehearsal)')
    .action(async (_local, command: Command) => {
      const options = optionsOf<MoveOptions>(command);
      const report = await move(options);
      if (options.json) console.log(jsonText({ event: 'copied', ...report }));
      else console.log(reportText(report));
      if (report.obstacles.length > 0) process.exitCode = EXIT.failed;
    });
  addLogRepartition(log);
}

async function move(options: MoveOptions & GlobalOptions): Promise<MoveLogReport> {
  const { brokers, topic, copyOnly } = options;
  const input = quietly(await loadConfigFile(findConfigFile(options.config)));
  const signal = stopOnSignals();
  const { moveLogToKafka } = await import('../../composition/move-log-to-kafka.ts');
  const view = progressView(options.json === true);
  try {
    return await moveLogToKafka(brokers === undefined ? input : onKafka(input, brokers), {
      signal,
      onProgress: view.show,
      ...(topic.length > 0 && { topics: topic }),
      ...(copyOnly && { copyOnly }),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(
      'copy stopped; what it has copied is kept. Resume with the same command.',
      { cause: error },
    );
  } finally {
    view.end();
  }
}

/** Returns the configuration with these brokers, and its other settings of Kafka. */
function onKafka(input: RepriseConfig, brokers: string): RepriseConfig {
  const kafka = input.log?.type === 'kafka' ? input.log : { type: 'kafka' as const };
  return { ...input, log: { ...kafka, brokers: brokers.split(',').map((each) => each.trim()) } };
}

/** Formats the report for a terminal: what is equal, and what to do next. */
function reportText({ partitions, moved, tasks, obstacles, seconds }: MoveLogReport): string {
  const records = partitions.reduce((sum, each) => sum + each.records, 0);
  const lines = partitions.map(
    (each) =>
      `  ${each.topic}[${each.partition}] ${each.records} records, up to ${each.nextOffset}, sha256 ${each.sha256}`,
  );
  return [
    `Copied: ${records} records in ${partitions.length} partitions equal in both logs to the byte, ${seconds.toFixed(1)} s.`,
    ...lines,
    ...nextSteps({ moved, tasks, obstacles }),
  ].join('\n');
}

function nextSteps(
  report: Pick<MoveLogReport, 'moved' | 'tasks' | 'obstacles'>,
): readonly string[] {
  if (report.moved) {
    return [
      `Moved: ${report.tasks} tasks resume from Kafka, and the topics in Postgres accept no more records.`,
      'Next: start publishers and instances with the configuration that names Kafka.',
    ];
  }
  if (report.obstacles.length === 0) {
    return [
      'Nothing else was changed.',
      'Next: stop publishers and instances, and run this again without --copy-only: it copies the rest and moves the projections.',
    ];
  }
  return [
    `Not moved yet: ${report.obstacles.join('; ')}.`,
    'Next: stop publishers and instances, and run the same command again: it copies the rest and moves the projections.',
  ];
}

function collect(name: string, names: readonly string[]): readonly string[] {
  return [...names, name];
}
