import { setTimeout as delay } from 'node:timers/promises';
import { migrate } from '../../src/postgres/migrate.ts';
import { bundled } from '../support/bundled-program.ts';
import { type ChildProcess, startProgram } from '../support/child-process.ts';
import { type OwnKafka, startOwnKafka } from '../support/kafka-broker.ts';
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts';
import { sql } from '../support/read-model.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/**
 * An instance gives up after 10 s what it waits for; servers that are away may take as long again.
 */
const END_WITHIN_MS = 60_000;

/** A slot of the deployment: always meant to run, whatever happens to the process in it. */
export interface Slot {
  readonly number: number;
  version: number;
  program: ChildProcess;
  isStopped: boolean;
}

/**
 * Everything that the soak runs on: a broker and a Postgres of its own, each behind a proxy, and
 * four instances in processes of their own.
 */
export class World {
  readonly kafka: OwnKafka;
  readonly postgres: OwnPostgres;
  readonly kafkaProxy: TcpProxy;
  readonly postgresProxy: TcpProxy;
  readonly slots: Slot[] = [];
  readonly #file: string;

  private constructor(
    parts: Pick<World, 'kafka' | 'postgres' | 'kafkaProxy' | 'postgresProxy'> & { file: string },
  ) {
    this.kafka = parts.kafka;
    this.postgres = parts.postgres;
    this.kafkaProxy = parts.kafkaProxy;
    this.postgresProxy = parts.postgresProxy;
    this.#file = parts.file;
  }

  /** @throws Error without Java or Kafka's jars */
  static async start(): Promise<World> {
    const nowhere = { host: '127.0.0.1', port: 1 };
    const kafkaProxy = await startTcpProxy(nowhere);
    const kafka = await startOwnKafka({
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafkaProxy.port}`,
    });
    if (kafka === undefined) throw new Error("the soak needs Java and Kafka's jars (maven)");
    kafkaProxy.target = { host: '127.0.0.1', port: Number(kafka.brokers.split(':')[1]) };
    const postgres = await startOwnPostgres({ max_connections: '200' });
    await sql(postgres.url(), 'create database chaos');
    await migrate(postgres.url('chaos'));
    const postgresProxy = await startTcpProxy({ host: '127.0.0.1', port: postgres.port });
    const file = await bundled('test/chaos/instance-process.ts');
    return new World({ kafka, postgres, kafkaProxy, postgresProxy, file });
  }

  get brokers(): string {
    return `127.0.0.1:${this.kafkaProxy.port}`;
  }

  /** Through the proxy, as the instances go. */
  get databaseUrl(): string {
    return this.directUrl.replace(/:\d+\//, `:${this.postgresProxy.port}/`);
  }

  /** Past the proxy. */
  get directUrl(): string {
    return this.postgres.url('chaos');
  }

  /** A process of the soak: an instance, or a rebuild. */
  program(version: number, extra: Readonly<Record<string, string>> = {}): ChildProcess {
    return startProgram(this.#file, {
      CHAOS_DATABASE_URL: this.databaseUrl,
      CHAOS_BROKERS: this.brokers,
      CHAOS_VERSION: String(version),
      ...extra,
    });
  }

  addSlots(count: number, version: number): void {
    for (let number = 0; number < count; number += 1) {
      this.slots.push({ number, version, program: this.program(version), isStopped: false });
    }
  }

  /**
   * Ends the process of a slot in whatever way, and starts another one in its place. @throws when
   * it does not end soon
   */
  async replace(slot: Slot, signal: 'SIGKILL' | 'SIGTERM', version = slot.version): Promise<void> {
    if (slot.isStopped) this.wake(slot);
    slot.program.kill(signal);
    await ended(slot, signal);
    slot.version = version;
    slot.program = this.program(version);
  }

  wake(slot: Slot): void {
    slot.isStopped = false;
    slot.program.kill('SIGCONT');
  }

  /**
   * Starts again what has ended by itself, e.g. because Postgres was away when it started. @returns
   * how many had
   */
  reviveEnded(ended: ReadonlySet<ChildProcess>): number {
    let revived = 0;
    for (const slot of this.slots) {
      if (!ended.has(slot.program)) continue;
      slot.program = this.program(slot.version);
      revived += 1;
    }
    return revived;
  }

  async close(): Promise<void> {
    for (const slot of this.slots) {
      slot.program.kill('SIGKILL');
      await slot.program.exited;
    }
    await this.kafkaProxy.close();
    await this.postgresProxy.close();
    await this.kafka.stop();
    await this.postgres.remove();
  }
}

async function ended({ number, program }: Slot, signal: string): Promise<void> {
  const isLate = Symbol('late');
  const late = delay(END_WITHIN_MS, isLate, { ref: false });
  if ((await Promise.race([program.exited, late])) !== isLate) return;
  throw new Error(`instance ${number} goes on after ${signal}:\n${program.output()}`);
}
