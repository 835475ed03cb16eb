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
  /** Asks it to come to its end; only the live runner and soaked processes listen. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
  /**
   * Asks it something while it works; only soaked processes answer. @throws Error when it ends
   * first
   */
  ask(question: object): Promise<number>;
}

const running = new Set<ChildProcess>();
let interrupted = false;

/**
 * From now on SIGINT and SIGTERM end the measured processes; the bench then fails and cleans up
 * after itself. A second signal ends it at once.
 */
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

/** How a contestant is started. */
interface ChildOptions {
  /** The folder of the repository whose bench is run; default: this one. */
  readonly checkout?: string;
  /** Options of Node. Default: none. */
  readonly nodeOptions?: readonly string[];
}

/** What a contestant sends: that it is ready, an answer to a question, or in the end its result. */
interface Message<Of extends Name> {
  readonly ready?: true;
  readonly result?: Result<Of>;
  readonly answer?: number;
  readonly to?: number;
}

/**
 * Starts a contestant in a fresh process, so that no JIT or heap state of another one colours its
 * figures. What it prints goes to stderr. It is killed when this process ends. Runs as JavaScript,
 * as the package that people install.
 */
export async function startContestant<Of extends Name>(
  name: Of,
  task: Task<Of>,
  { checkout = ROOT, nodeOptions = [] }: ChildOptions = {},
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
    execArgv: [...profiling, ...nodeOptions],
    stdio: ['ignore', 2, 2, 'ipc'],
    env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1' },
  });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  running.add(child);
  let isReady = () => {};
  const questions = new Map<number, (answer: number) => void>();
  const result = new Promise<Result<Of>>((resolve, reject) => {
    let answer: Result<Of> | undefined;
    child.on('message', (message: Message<Of>) => {
      if (message.ready) isReady();
      else if (message.to !== undefined) questions.get(message.to)?.(message.answer ?? 0);
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
  const ask = (question: object) =>
    new Promise<number>((resolve, reject) => {
      const id = questions.size;
      questions.set(id, resolve);
      result.then(() => reject(new Error(`${name} ended before it answered`)), reject);
      child.send({ ...question, id });
    });
  const kill = () => void child.kill('SIGKILL');
  return { pid: child.pid, ready, result, stop: () => child.send('stop'), kill, ask };
}

/** Runs a contestant in a fresh process to its end. @throws Error when it fails */
export async function runInChild<Of extends Name>(
  name: Of,
  task: Task<Of>,
  checkout?: string,
): Promise<Result<Of>> {
  const child = await startContestant(name, task, checkout === undefined ? {} : { checkout });
  return child.result;
}
