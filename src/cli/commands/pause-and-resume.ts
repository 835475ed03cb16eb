import type { Command } from 'commander';
import { RepriseError } from '../../reprise-error.ts';
import type { InstanceStatus } from '../../runner/ownership/instance-status.ts';
import { jsonText } from '../terminal/json-text.ts';
import { renderTable } from '../terminal/render-table.ts';
import { optionsOf, withApp } from '../terminal/with-app.ts';

/**
 * Adds `reprise pause NAME` and `reprise resume NAME`: stop and resume a projection's tasks, on all
 * instances.
 */
export function addPauseAndResume(program: Command): void {
  program
    .command('pause')
    .description('stop a projection on all instances until `resume`')
    .argument('<name>', 'projection')
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<object>(command);
      await withApp(options, ({ app }) => app.pause(name));
      if (options.json) return console.log(jsonText({ name, paused: true }));
      console.log(`${name} is paused, also after restarts. To resume: reprise resume ${name}`);
    });
  program
    .command('resume')
    .description('run a paused or halted projection again, on all instances')
    .argument('<name>', 'projection')
    .action(async (name: string, _local, command: Command) => {
      const options = optionsOf<object>(command);
      const changed = await withApp(options, ({ app }) => app.resume(name));
      if (options.json) return console.log(jsonText({ name, paused: false, changed }));
      console.log(
        changed
          ? `${name} runs again.`
          : `${name} was not paused, and none of its tasks had halted: nothing was changed.`,
      );
    });
}

/** Adds `reprise stop [INSTANCE]`: asks running instances to end. */
export function addStop(program: Command): void {
  program
    .command('stop')
    .description('ask one instance, or all, to commit, release their tasks and exit')
    .argument('[instance]', 'instance, as `reprise instances` shows it (default: all)')
    .action(async (instance: string | undefined, _local, command: Command) => {
      const options = optionsOf<object>(command);
      const asked = await withApp(options, async ({ app }) => {
        const stopping = await app.instances.stop(instance);
        if (stopping.length === 0 && instance !== undefined) {
          throw unknownInstance(instance, await app.instances.list());
        }
        return stopping;
      });
      if (options.json) return console.log(jsonText({ asked }));
      console.log(asked.length === 0 ? 'No instance runs.' : `Asked to end: ${asked.join(', ')}`);
    });
}

function unknownInstance(name: string, all: readonly InstanceStatus[]): RepriseError {
  const live = all.filter(({ isLive }) => isLive).map(({ instance }) => instance);
  const who = live.length === 0 ? 'No instance runs' : `Running instances: ${live.join(', ')}`;
  return new RepriseError('UNKNOWN_INSTANCE', `No live instance is named ${name}. ${who}.`, {
    facts: { instance: name },
  });
}

/** Adds `reprise instances`: lists the running instances. */
export function addInstances(program: Command): void {
  program
    .command('instances')
    .description('show the running instances and how many tasks each has')
    .action(async (_local, command: Command) => {
      const options = optionsOf<object>(command);
      const instances = await withApp(options, ({ app }) => app.instances.list());
      if (options.json) return console.log(jsonText({ instances }));
      if (instances.length === 0)
        return console.log('No instance runs. Start one with: reprise run');
      const rows = instances.map((one) => [
        one.instance,
        one.isLive ? (one.stopRequested ? 'ending' : 'live') : 'gone',
        one.tasks,
        one.startedAt,
        one.lastHeartbeatAt,
      ]);
      console.log(
        renderTable(['instance', 'state', 'tasks', 'started', 'last heartbeat'], rows).join('\n'),
      );
    });
}
