import { pause } from '../../concurrency/pause.ts';
import type { EventLog, Position } from '../../log/event-log.ts';
import { describeError } from '../session/open-session.ts';
import type { RunnerSettings } from '../settings/runner-settings.ts';
import { topicsOf } from '../settings/topics-of.ts';
import type { LiveTask } from './live-task.ts';
import type { ProjectionRunner } from './projection-runner.ts';

const SHOW_EVERY_MS = 1_000;
/**
 * Interval after which unchanged offsets are shown again, because Kafka deletes the offsets of
 * groups without members after a while.
 */
const REPEAT_EVERY_MS = 600_000;
/** How long showing the last offsets may delay the end of the process. */
const LAST_OFFSETS_MS = 2_000;

/** The log that shows the offsets, and the logger for failures. */
interface ShownOffsetsSettings {
  readonly log: Pick<EventLog, 'showOffsets'>;
  readonly logger: Pick<RunnerSettings['logger'], 'warn'>;
}

/** The running tasks of a projection version. */
export interface ShownRunner {
  readonly plan: Pick<ProjectionRunner['plan'], 'sources'>;
  running(): readonly Pick<LiveTask, 'key' | 'committedOffset'>[];
}

interface ShownTask {
  readonly task: ReturnType<ShownRunner['running']>[number];
  readonly topics: readonly string[];
}

/**
 * Shows the committed offsets of this process's tasks in the log's own tools, once a second and at
 * the stop. Each version of a projection has its own group name. For display only: nothing reads
 * the offsets back, they are up to a second behind Postgres, and a failure is logged and changes
 * nothing. States: *idle* → `start` → *showing* → `stop` → *ended*; always idle if the log shows no
 * offsets.
 */
export class ShownOffsets {
  readonly #settings: ShownOffsetsSettings;
  readonly #runners: () => readonly ShownRunner[];
  /** The offset last shown, by group, topic and partition. */
  #shown = new Map<string, bigint>();
  #repeatAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #isFailing = false;
  #stopping = false;

  constructor(settings: ShownOffsetsSettings, runners: () => readonly ShownRunner[]) {
    this.#settings = settings;
    this.#runners = runners;
  }

  start(): void {
    const { showOffsets } = this.#settings.log;
    if (showOffsets === undefined) return;
    const again = () => {
      if (this.#stopping) return;
      this.#timer = setTimeout(() => {
        this.#underWay = this.#show(showOffsets, this.#tasks()).then(again);
      }, SHOW_EVERY_MS).unref();
    };
    again();
  }

  /** Ends the tasks by `stopTasks`, then shows their last committed offsets. */
  async stop(stopTasks: () => Promise<void>): Promise<void> {
    const isShowing = this.#timer !== undefined;
    this.#stopping = true;
    clearTimeout(this.#timer);
    const last = this.#tasks();
    await stopTasks();
    const { showOffsets } = this.#settings.log;
    if (!isShowing || showOffsets === undefined) return;
    const waiting = new AbortController();
    await Promise.race([
      this.#underWay.then(() => this.#show(showOffsets, last)),
      pause(LAST_OFFSETS_MS, waiting.signal),
    ]);
    waiting.abort();
  }

  #tasks(): readonly ShownTask[] {
    return this.#runners().flatMap((runner) =>
      runner.running().map((task) => ({ task, topics: topicsOf(runner.plan) })),
    );
  }

  async #show(
    showOffsets: NonNullable<EventLog['showOffsets']>,
    tasks: readonly ShownTask[],
  ): Promise<void> {
    this.#forgetSometimes();
    for (const [reader, positions] of this.#moved(tasks)) {
      try {
        await showOffsets(reader, positions);
        for (const each of positions) this.#shown.set(shownKey(reader, each), each.offset);
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) {
          this.#settings.logger.warn(
            { reader, reason: describeError(error) },
            'offsets could not be shown to the tools of the log; trying again, nothing else is affected',
          );
        }
        this.#isFailing = true;
      }
    }
  }

  #moved(tasks: readonly ShownTask[]): ReadonlyMap<string, readonly Position[]> {
    const moved = new Map<string, Position[]>();
    for (const { task, topics } of tasks) {
      const { projection, version, partition } = task.key;
      const reader = `${projection}.v${version}`;
      for (const topic of topics) {
        const position = { topic, partition, offset: task.committedOffset(topic) };
        if (this.#shown.get(shownKey(reader, position)) === position.offset) continue;
        moved.set(reader, [...(moved.get(reader) ?? []), position]);
      }
    }
    return moved;
  }

  #forgetSometimes(): void {
    if (performance.now() < this.#repeatAtMs) return;
    this.#repeatAtMs = performance.now() + REPEAT_EVERY_MS;
    this.#shown = new Map();
  }
}

function shownKey(reader: string, { topic, partition }: Position): string {
  return `${reader} ${topic} ${partition}`;
}
