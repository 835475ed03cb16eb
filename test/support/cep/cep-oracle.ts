import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { mavenClassPath } from '../maven-jars.ts';
import type { PatternCase } from './pattern-case.ts';

/** Events of a match or of a partial match by step: places in the case's events. */
export type Taken = Readonly<Record<string, readonly number[]>>;

/** What Flink finds in a case, or why it finds nothing. */
export interface FlinkAnswer {
  readonly matches?: readonly Taken[];
  readonly timeouts?: readonly Taken[];
  /** It does not take the pattern. */
  readonly refused?: string;
  /** It goes round in circles. */
  readonly hangs?: string;
  /** It throws while matching. */
  readonly failed?: string;
}

/**
 * The class path of Flink's CEP, fetched on first use; undefined without Java, or without the jars
 * and maven.
 */
export function flinkClassPath(): Promise<string | undefined> {
  return mavenClassPath('flink-cep', [
    'org.apache.flink:flink-cep:1.20.1',
    'org.apache.flink:flink-streaming-java:1.20.1',
    'org.slf4j:slf4j-nop:1.7.36',
  ]);
}

/**
 * Asks Flink about all cases in one JVM; answers in the same order. @throws Error when the program
 * fails
 */
export async function askFlink(
  classPath: string,
  cases: readonly PatternCase[],
): Promise<readonly FlinkAnswer[]> {
  const source = fileURLToPath(new URL('../CepOracle.java', import.meta.url));
  const options = ['-Xmx256m', '-Xss4m', '-XX:+UseSerialGC'];
  const child = spawn('java', [...options, '-cp', classPath, source], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  );
  // A program that died early says why on its standard error, and the broken pipe adds nothing.
  child.stdin.on('error', () => undefined);
  child.stdin.end(cases.map((each) => `${JSON.stringify(each)}\n`).join(''));
  const answers: FlinkAnswer[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line) as FlinkAnswer);
  }
  const code = await exit;
  if (code !== 0) throw new Error(`CepOracle exited with ${String(code)}: ${errors}`);
  return answers;
}
