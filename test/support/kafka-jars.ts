import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const version = '4.1.1';

/** Where Apache Kafka's jars are kept between runs: outside the work tree, `XDG_CACHE_HOME` or `~/.cache`. */
const cacheDirectory = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'reprise',
  `kafka-${version}`,
);

const dependency = (groupId: string, artifactId: string, wanted: string): string =>
  `<dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${wanted}</version></dependency>`;

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>reprise.test</groupId><artifactId>kafka</artifactId><version>1</version><dependencies>
${dependency('org.apache.kafka', 'kafka_2.13', version)}
${dependency('org.apache.kafka', 'kafka-tools', version)}
${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
</dependencies></project>
`;

/** True when `command` runs and exits with 0 within 10 seconds. */
export async function answers(command: string, ...args: readonly string[]): Promise<boolean> {
  return run(command, [...args], { timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

/**
 * The class path of Apache Kafka's jars, fetched by maven on first use (43 MB, about 10 s) and kept.
 * Undefined when this machine has no Java, or neither the jars nor maven.
 */
export async function kafkaClassPath(): Promise<string | undefined> {
  if (!(await answers('java', '-version'))) return undefined;
  const libs = join(cacheDirectory, 'libs');
  const complete = join(cacheDirectory, `libs/kafka-tools-${version}.jar`);
  if (!existsSync(complete)) {
    if (!(await answers('mvn', '-version'))) return undefined;
    await download(libs);
  }
  return join(libs, '*');
}

/** Downloads beside the target and renames at the end: a cut-off download never looks complete. */
async function download(libs: string): Promise<void> {
  const staging = join(cacheDirectory, `staging-${process.pid}`);
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'pom.xml'), pom);
  const goal = 'dependency:copy-dependencies';
  await run('mvn', ['-q', '-B', goal, '-DoutputDirectory=libs'], { cwd: staging });
  await rm(libs, { recursive: true, force: true });
  await rename(join(staging, 'libs'), libs);
  await rm(staging, { recursive: true, force: true });
}

/**
 * Runs a Java main class, or a single-file Java source (`Producer.java`), with Kafka's jars. Resolves with its standard output.
 * @throws Error with the standard error of the program when it exits with anything but 0, or when Java or the jars are missing
 */
export async function runJava(main: string, args: readonly string[] = []): Promise<string> {
  const classPath = await kafkaClassPath();
  if (classPath === undefined) throw new Error(`cannot run ${main}: Java or Kafka's jars missing`);
  const child = spawn('java', ['-Xmx256m', '-cp', classPath, main, ...args]);
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
