import type { Command } from 'commander';
import type { RepartitionReport } from '../../log/copy/repartition-topic.ts';
import { jsonText } from '../terminal/json-text.ts';
import { Interrupted } from '../terminal/stop-on-signals.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';
import { wholeNumber } from './query.ts';

interface RepartitionCommandOptions {
  readonly to: string;
  readonly partitions?: number;
}

/**
 * Adds `reprise log repartition`: copies a topic with added partitions so that each key is in one
 * partition.
 */
export function addLogRepartition(log: Command): void {
  log
    .command('repartition <topic>')
    .description(
      'copy a topic with added partitions to a new topic, so that all events of a key are in one partition; stop its publishers first',
    )
    .requiredOption('--to <name>', 'name of the new topic')
    .option(
      '--partitions <n>',
      'number of partitions of the new topic (default: that of the old one)',
      wholeNumber,
    )
    .action(async (topic: string, _local, command: Command) => {
      const options = optionsOf<RepartitionCommandOptions>(command);
      const { to, partitions } = options;
      const { repartitionTopic } = await import('../../log/copy/repartition-topic.ts');
      const report = await withApp(options, async ({ app, signal }) => {
        try {
          return await repartitionTopic(app.log, {
            from: topic,
            to,
            signal,
            ...(partitions !== undefined && { partitions }),
          });
        } catch (error) {
          if (!signal.aborted) throw error;
          throw new Interrupted(`copy stopped; delete ${to} before you copy again`, {
            cause: error,
          });
        }
      });
      console.log(
        options.json ? jsonText({ event: 'repartitioned', ...report }) : reportText(report),
      );
    });
}

function reportText({ from, to, partitions, records, left }: RepartitionReport): string {
  const copied = `Copied ${records} records of ${from} to ${to}, ${partitions} partitions.`;
  const next = `Next: name ${to} as the topic in the event definition, raise the versions of its projections and rebuild them.`;
  if (left === 0) return `${copied}\n${next}`;
  return `${copied}\n${left} records arrived on ${from} in the meantime and are not in ${to}: stop its publishers, delete ${to} and copy again.`;
}
