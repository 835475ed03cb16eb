import { type ChildProcess, fork } from 'node:child_process';
import type { Contestants } from '../contestants/run-contestant.ts';
import { builtBench, ROOT } from './built-bench.ts';

type Name = keyof Contestants;
type Task<Of extends Name> = Parameters<Contestants[Of]>[0];
type Result<Of extends Name> = Awaited<ReturnType<Contestants[Of]>>;

/** A contestant at work in a process of its own. */
export interface Child<Of extends Name> {
  readonly pid: number | undefined;
  /** Resolves when it says that it is ready; rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly result: Promise<Result<Of>>;
  /** Asks it to come to its end; only the live runner listens. */
  stop(): void;
}

const running = new Set<ChildProcess>();
let interrupted = false;

/** From now on SIGINT and SIGTERM end the measured processes; the bench then fails and cleans up after itself. A second signal ends it at once. */
export function endChildrenOnSignals(): void {
  const end = () => {
    if (interrupted) process.exit(130);
    interrupted = true;
    for (const child of running) child.kill('SIGKILL');
  };
  process.on('SIGINT', end).on('SIGTERM', end);
}

/** Folder for `--cpu-prof` of the children, or null. */
let profileDirectory: string | null = null;

/** Lets every child from now on write a CPU profile into a folder. */
export function profileInto(directory: string): void {
  profileDirectory = directory;
}

/**
 * Starts a contestant in a fresh process, so that no JIT or heap state of another one colours its figures. What it prints goes to stderr. It is killed when this
 * process ends. `checkout`: the folder of the repository whose bench is run; default: this one. Runs as JavaScript, as the package that people install.
 */
export async function startContestant<Of extends Name>(
  name: Of,
  task: Task<Of>,
  checkout: string = ROOT,
): Promise<Child<Of>> {
  const { main } = await builtBench(checkout);
  if (interrupted) throw new Error('interrupted');
  const profiling =
    profileDirectory === null
      ? []
      : [
          '--cpu-prof',
          `--cpu-prof-dir=${profileDirectory}`,
          `--cpu-prof-name=${name}-${process.hrtime.bigint()}.cpuprofile`,
        ];
  const child = fork(main, ['contestant', name, JSON.stringify(task)], {
    execArgv: profiling,
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  running.add(child);
  let isReady = () => {};
  const result = new Promise<Result<Of>>((resolve, reject) => {
    let answer: Result<Of> | undefined;
    child.on('message', (message: { ready?: true; result?: Result<Of> }) => {
      if (message.ready) isReady();
      else answer = message.result;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', endWithUs);
      running.delete(child);
      if (answer !== undefined && code === 0) resolve(answer);
      else
        reject(
          new Error(`${name} ended with ${signal ?? `exit code ${code}`} and without a result`),
        );
    });
  });
  const ready = new Promise<void>((resolve, reject) => {
    isReady = resolve;
    result.then(() => resolve(), reject);
  });
  // Whoever waits for `result` gets the error; an unwatched `ready` must not end the process.
  ready.catch(() => undefined);
  return { pid: child.pid, ready, result, stop: () => child.send('stop') };
}

/** Runs a contestant in a fresh process to its end. @throws Error when it fails */
export async function runInChild<Of extends Name>(
  name: Of,
  task: Task<Of>,
  checkout?: string,
): Promise<Result<Of>> {
  const child = await startContestant(name, task, checkout);
  return child.result;
}
