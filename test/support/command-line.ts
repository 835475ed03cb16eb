import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProgram } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/terminal/report-error.ts';
import type { RepriseConfig } from '../../src/config/reprise-config.ts';

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Commands typed by an operator, run in this process, so that configurations may hold what the test
 * holds.
 */
export interface CommandLine {
  /** Runs `reprise` with these words, by a configuration. */
  type(config: RepriseConfig, words: readonly string[]): Promise<Ended>;
  /** Removes its files. */
  close(): void;
}

const handedOver = new Map<string, RepriseConfig>();
(globalThis as { repriseTestConfigs?: typeof handedOver }).repriseTestConfigs = handedOver;

/**
 * A command line with a folder of its own. Commands run one after another: they share this
 * process's output.
 */
export function createCommandLine(): CommandLine {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-typed-'));
  const files = new Map<RepriseConfig, string>();
  const fileOf = (config: RepriseConfig): string => {
    const known = files.get(config);
    if (known !== undefined) return known;
    const file = join(folder, `config-${files.size}.mjs`);
    handedOver.set(file, config);
    writeFileSync(
      file,
      `export default globalThis.repriseTestConfigs.get(${JSON.stringify(file)});\n`,
    );
    files.set(config, file);
    return file;
  };
  return {
    type: (config, words) => typeWords(['--config', fileOf(config), ...words]),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What `main.ts` does, with its output caught and its signal handlers taken away afterwards. */
export async function typeWords(words: readonly string[]): Promise<Ended> {
  const before = SIGNALS.map((signal) => process.listeners(signal));
  const stdout = captured(process.stdout);
  const stderr = captured(process.stderr);
  const log = console.log;
  console.log = (text: unknown) => stdout.add(`${String(text)}\n`);
  process.exitCode = undefined;
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return { exitCode: exitCode(), stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    const report = reportError(error, false);
    stderr.add(report.text);
    return { exitCode: report.exitCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    process.exitCode = undefined;
    console.log = log;
    stdout.end();
    stderr.end();
    for (const [i, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (before[i]?.includes(listener) !== true) process.off(signal, listener);
      }
    }
  }
}

function exitCode(): number {
  return Number(process.exitCode ?? 0);
}

function captured(stream: NodeJS.WriteStream) {
  const write = stream.write;
  let text = '';
  const add = (chunk: string) => {
    text += chunk;
  };
  stream.write = ((chunk: string | Uint8Array) => {
    add(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return true;
  }) as typeof stream.write;
  return {
    add,
    text: () => text,
    end: () => {
      stream.write = write;
    },
  };
}

/**
 * The commands that a message tells to type, in its order: `reprise rebuild orders` gives
 * `['rebuild', 'orders']`. Words end at punctuation.
 */
export function commandsIn(message: string): readonly (readonly string[])[] {
  const known = createProgram().commands.map((command) => command.name());
  const found = message.matchAll(/reprise ((?:[a-z][\w-]*)(?: (?:--?[\w-]+|[\w.[\]@-]*[\w\]]))*)/g);
  return [...found]
    .map(([, words = '']) => words.replace(/[.,;:]+$/, '').split(' '))
    .filter(([first = '']) => known.includes(first));
}
