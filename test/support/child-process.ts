import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A TypeScript program of the tests in a process of its own. */
export interface ChildProcess {
  readonly pid: number;
  /** Resolves once the program has written this line on stdout. @throws when it ends before */
  line(wanted: string): Promise<void>;
  /** Resolves once what it has written matches. @throws when it ends before */
  says(wanted: RegExp): Promise<void>;
  /** Resolves when it has ended, with its exit code, or null when a signal ended it. */
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  readonly output: () => string;
}

/**
 * Starts a file under tsx, in the same way as `npm start` does; a bundle (see `bundled`) by node
 * alone.
 */
export function startProgram(
  file: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): ChildProcess {
  const loader = file.endsWith('.mjs') ? [] : ['--import', 'tsx'];
  const child = spawn(process.execPath, [...loader, file, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
      for (const look of waiting) look();
    });
  }
  const exited = new Promise<number | null>((resolve) =>
    child.on('close', (code) => resolve(code)),
  );
  const waitFor = (found: () => boolean, what: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!found()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      void exited.then(() => reject(new Error(`ended before it said ${what}:\n${output}`)));
    });
  return {
    pid: child.pid ?? -1,
    exited,
    kill: (signal) => void child.kill(signal),
    output: () => output,
    line: (wanted) => waitFor(() => output.split('\n').includes(wanted), `"${wanted}"`),
    says: (wanted) => waitFor(() => wanted.test(output), String(wanted)),
  };
}
