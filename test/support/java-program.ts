import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A single-file Java program of this folder that answers lines of JSON with lines of JSON. */
export interface JavaProgram {
  /** Without `.java`. */
  readonly name: string;
  readonly classPath: string;
  readonly options: readonly string[];
}

/**
 * Asks all questions in one JVM; answers in the same order. @throws Error when the program fails
 */
export async function askJavaProgram<Answer>(
  { name, classPath, options }: JavaProgram,
  questions: readonly unknown[],
): Promise<readonly Answer[]> {
  const source = fileURLToPath(new URL(`${name}.java`, import.meta.url));
  const child = spawn('java', [...options, '-XX:+UseSerialGC', '-cp', classPath, source], {
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
  child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(''));
  const answers: Answer[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line) as Answer);
  }
  const code = await exit;
  if (code !== 0) throw new Error(`${name} exited with ${String(code)}: ${errors}`);
  return answers;
}
