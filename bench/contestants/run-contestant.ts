import type { Measurement, RebuildTask, TableTask, TopicTask } from './contestant.ts';
import type { KafkajsPublishTask } from './kafkajs-publish.ts';
import type { PublishedEvents, PublishTask } from './live-publisher.ts';
import type { SoakTask } from './soak-process.ts';

/** Everything a child process can be asked to do: what it is given, what it answers. */
export interface Contestants {
  readonly repriseDrain: (task: TopicTask) => Promise<Measurement>;
  readonly kafkajsDrain: (task: TopicTask) => Promise<Measurement>;
  readonly repriseRebuild: (task: RebuildTask) => Promise<Measurement>;
  readonly handWrittenBatch: (task: TableTask) => Promise<Measurement>;
  readonly handWrittenEach: (task: TableTask) => Promise<Measurement>;
  readonly reprisePublish: (task: TopicTask) => Promise<Measurement>;
  readonly kafkajsPublish: (task: KafkajsPublishTask) => Promise<Measurement>;
  readonly liveRunner: (task: TableTask) => Promise<Measurement>;
  readonly livePublisher: (task: PublishTask) => Promise<PublishedEvents>;
  readonly soakProcess: (task: SoakTask) => Promise<Measurement>;
}

/**
 * Loads only what the contestant itself needs: its process must not carry the memory of the others.
 */
const LOADERS: { readonly [Name in keyof Contestants]: () => Promise<Contestants[Name]> } = {
  repriseDrain: async () => (await import('./reprise-drain.ts')).repriseDrain,
  kafkajsDrain: async () => (await import('./kafkajs-drain.ts')).kafkajsDrain,
  repriseRebuild: async () => (await import('./reprise-rebuild.ts')).repriseRebuild,
  handWrittenBatch: async () => (await import('./hand-written-batch.ts')).handWrittenBatch,
  handWrittenEach: async () => (await import('./hand-written-each.ts')).handWrittenEach,
  reprisePublish: async () => (await import('./reprise-publish.ts')).reprisePublish,
  kafkajsPublish: async () => (await import('./kafkajs-publish.ts')).kafkajsPublish,
  liveRunner: async () => (await import('./live-runner.ts')).liveRunner,
  livePublisher: async () => (await import('./live-publisher.ts')).livePublisher,
  soakProcess: async () => (await import('./soak-process.ts')).soakProcess,
};

/**
 * Runs one contestant in this process and sends what it answers to the parent. @throws Error when
 * there is no such contestant
 */
export async function runContestant(name: string, taskJson: string): Promise<void> {
  const load = (
    LOADERS as Record<string, (() => Promise<(task: never) => Promise<object>>) | undefined>
  )[name];
  if (load === undefined) throw new Error(`there is no contestant ${name}`);
  // Its parent is gone: nobody waits for the answer.
  const orphaned = () => process.exit(1);
  process.once('disconnect', orphaned);
  const contestant = await load();
  const result = await contestant(JSON.parse(taskJson) as never);
  await new Promise<void>((resolve) => {
    if (process.send === undefined) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      resolve();
    } else process.send({ result }, () => resolve());
  });
  process.off('disconnect', orphaned);
  process.disconnect?.();
}
