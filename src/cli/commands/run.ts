import type { Command } from 'commander';
import type { Reprise } from '../../reprise.ts';
import type { RunnerTask } from '../../runner/runner.ts';
import { jsonText } from '../terminal/json-text.ts';
import { stopped } from '../terminal/stop-on-signals.ts';
import { type GlobalOptions, optionsOf, type Session, withApp } from '../terminal/with-app.ts';

/** Adds `reprise run`: folds until stopped. */
export function addRun(program: Command): void {
  program
    .command('run')
    .description('run the projections until SIGINT or SIGTERM')
    .option(
      '--tasks <list>',
      'tasks to run, such as login_fraud,user_metrics:0-3 (default: a fair share of all tasks)',
    )
    .action(async (_local, command: Command) => {
      const options = optionsOf<{ tasks?: string }>(command);
      const work = async ({ app, signal }: Session) => {
        await app.setUp();
        if (signal.aborted) return;
        await app.runner.start();
        if (!signal.aborted) console.log(startedLine(app, options));
        await Promise.race([stopped(signal), stopped(app.runner.stopRequested)]);
        await app.runner.stop();
      };
      await withApp(options, work, (input) =>
        options.tasks === undefined ? input : { ...input, tasks: options.tasks.split(',') },
      );
    });
}

/**
 * Formats the result of a start: the tasks that this instance has now. It shares tasks with other
 * instances from then on.
 */
function startedLine({ runner }: Reprise, { json }: GlobalOptions): string {
  const { instance } = runner;
  const tasks = runner.tasks();
  if (json) return jsonText({ event: 'started', instance, tasks });
  const names = [...new Set(tasks.map(({ name, version }) => `${name} v${version}`))];
  const all = names.map((each) => {
    const own = tasks.filter(({ name, version }) => `${name} v${version}` === each);
    return `${each} ${partitionsText(own)}`;
  });
  const what = all.length === 0 ? 'no task yet; reprise status says who has them' : all.join(', ');
  return `Running as ${instance}: ${what}.`;
}

function partitionsText(tasks: readonly RunnerTask[]): string {
  const halted = tasks.filter(({ phase }) => phase === 'halted').length;
  const partitions = tasks.map(({ partition }) => partition).sort((a, b) => a - b);
  return `[${partitions.join(',')}]${halted === 0 ? '' : ` (${halted} halted)`}`;
}
