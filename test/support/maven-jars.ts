import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheDirectory } from './cache-directory.ts';

const run = promisify(execFile);

/** `groupId:artifactId:version`, as Maven names a jar. */
export type Coordinates = `${string}:${string}:${string}`;

/** True when `command` runs and exits with 0 within 10 seconds. */
export async function answers(command: string, ...args: readonly string[]): Promise<boolean> {
  return run(command, [...args], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/**
 * The class path of some jars and all they depend on, fetched by maven on first use and kept
 * outside the work tree (`XDG_CACHE_HOME` or `~/.cache`), one folder a set: another set or version
 * is another folder. Undefined when this machine has no Java, or neither the jars nor maven.
 */
export async function mavenClassPath(
  name: string,
  jars: readonly Coordinates[],
): Promise<string | undefined> {
  if (!(await answers('java', '-version'))) return undefined;
  const pom = pomOf(jars);
  const set = createHash('sha256').update(pom).digest('hex').slice(0, 8);
  const directory = cacheDirectory(`${name}-${set}`);
  if (!existsSync(directory)) {
    if (!(await answers('mvn', '-version'))) return undefined;
    await download(directory, pom);
  }
  return join(directory, '*');
}

/** Downloads beside the target and renames at the end: a cut-off download never looks complete. */
async function download(directory: string, pom: string): Promise<void> {
  const staging = `${directory}-staging-${process.pid}`;
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'pom.xml'), pom);
  await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=libs'], {
    cwd: staging,
  });
  await rename(join(staging, 'libs'), directory).catch((error: unknown) => {
    // Another process was quicker: its jars are the same.
    if (!existsSync(directory)) throw error;
  });
  await rm(staging, { recursive: true, force: true });
}

function pomOf(jars: readonly Coordinates[]): string {
  const dependencies = jars.map((jar) => {
    const [groupId, artifactId, version] = jar.split(':');
    return `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>reprise.test</groupId><artifactId>jars</artifactId><version>1</version><dependencies>
${dependencies.join('\n')}
</dependencies></project>
`;
}

/**
 * A Java program to run: a main class of the class path, or a single-file source (`Producer.java`).
 */
export interface JavaProgram {
  readonly classPath: string;
  readonly main: string;
  readonly args?: readonly string[];
  /** Options of the Java machine. Default `-Xmx256m`. */
  readonly options?: readonly string[];
}

/**
 * Runs a Java program to its end. Resolves with its standard output. @throws Error with its
 * standard error when it exits with anything but 0
 */
export async function runJava(program: JavaProgram): Promise<string> {
  const { classPath, main, args = [], options = ['-Xmx256m'] } = program;
  const child = spawn('java', [...options, '-cp', classPath, main, ...args]);
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise((resolve, reject) =>
    child.on('close', resolve).on('error', reject),
  );
  if (code !== 0) throw new Error(`java ${main} exited with ${String(code)}: ${errors}`);
  return out;
}
