import { askJavaProgram } from '../java-program.ts';
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

/** Asks Flink about all cases. @throws Error when the program fails */
export function askFlink(
  classPath: string,
  cases: readonly PatternCase[],
): Promise<readonly FlinkAnswer[]> {
  const program = { name: 'CepOracle', classPath, options: ['-Xmx256m', '-Xss4m'] };
  return askJavaProgram<FlinkAnswer>(program, cases);
}
