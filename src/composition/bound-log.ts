import type { AppendRecord, EventLog } from '../log/event-log.ts';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { isRepriseError, RepriseError } from '../reprise-error.ts';

/**
 * Topic with one partition and a record for each topic: key = the topic, value = JSON of its id and
 * the registry's id. The first record of a topic counts.
 */
const BINDINGS_TOPIC = '_reprise_registry';

/** The log and the registry to bind. */
export interface BindingOptions {
  readonly log: EventLog;
  /** Returns the id of the registry. */
  readonly identity: () => Promise<string>;
  /** Topics with Avro events: their records contain schema ids of the registry. */
  readonly topics: () => ReadonlySet<string>;
  /** Called if the log does not permit storing the bindings. */
  readonly onForbidden: (error: RepriseError) => void;
}

interface Binding {
  readonly topicId: string;
  readonly registry: string;
}

/**
 * Binds topics of a log to the registry whose schema ids their records contain. The first use of a
 * topic stores its binding on the log; from then on another registry is refused. A topic that was
 * deleted and created again counts as new. States of a topic: unknown → bound → checked, once per
 * process.
 */
export class RegistryBinding {
  readonly #options: BindingOptions;
  readonly #checked = new Set<string>();
  #underWay: Promise<void> = Promise.resolve();

  constructor(options: BindingOptions) {
    this.#options = options;
  }

  /** Whether every topic is already checked. */
  isChecked(topics: Iterable<string>): boolean {
    for (const topic of topics) {
      if (this.#options.topics().has(topic) && !this.#checked.has(topic)) return false;
    }
    return true;
  }

  /**
   * Checks topics, and binds those that are not bound. Topics that do not exist are skipped until
   * later.
   * @throws REGISTRY_MISMATCH
   */
  async check(topics: Iterable<string>): Promise<void> {
    const wanted = [...new Set(topics)];
    if (this.isChecked(wanted)) return;
    const run = this.#underWay.then(() =>
      this.#checkNow(wanted.filter((topic) => !this.isChecked([topic]))),
    );
    this.#underWay = run.catch(() => undefined);
    await run;
  }

  /** Checks all topics of the application. */
  checkAll(): Promise<void> {
    return this.check(this.#options.topics());
  }

  async #checkNow(topics: readonly string[]): Promise<void> {
    if (topics.length === 0) return;
    const { log, identity } = this.#options;
    const ids = await topicIds(log, topics);
    if (ids.size === 0) return;
    const own = await identity();
    try {
      let bindings = await readBindings(log);
      const missing = [...ids].filter(
        ([topic, topicId]) => find(bindings, topic, topicId) === undefined,
      );
      if (missing.length > 0) {
        await log.ensureTopics([{ topic: BINDINGS_TOPIC, partitions: 1 }]);
        await log.append(
          missing.map(([topic, topicId]) => bindingRecord(topic, { topicId, registry: own })),
        );
        bindings = await readBindings(log); // another process may have been first
      }
      for (const [topic, topicId] of ids) {
        const registry = find(bindings, topic, topicId);
        if (registry !== undefined && registry !== own) throw mismatch(topic, registry, own);
      }
    } catch (error) {
      if (!isRepriseError(error, 'LOG_UNAUTHORIZED')) throw error;
      this.#options.onForbidden(error);
    }
    for (const topic of ids.keys()) this.#checked.add(topic);
  }
}

/** Creates a log that checks the topics of Avro events before their first use. */
export function boundLog(log: EventLog, binding: RegistryBinding): EventLog {
  return {
    ...log,
    assertRegistry: (topics) => binding.check(topics),
    async *read(positions, options) {
      await binding.check(positions.map(({ topic }) => topic));
      yield* log.read(positions, options);
    },
    append(records: readonly AppendRecord[]) {
      const topics = topicsOf(records);
      if (binding.isChecked(topics)) return log.append(records);
      return binding.check(topics).then(() => log.append(records));
    },
  };
}

/**
 * Creates a registry that is checked against the log before it registers a schema. Looking up ids
 * is not checked: they were read from a log that is.
 */
export function boundRegistry(registry: SchemaRegistry, binding: RegistryBinding): SchemaRegistry {
  return {
    ...registry,
    register: async (...given) => {
      await binding.checkAll();
      return registry.register(...given);
    },
  };
}

/** Returns the topics of the records. Consecutive records of one topic are looked up once. */
function topicsOf(records: readonly AppendRecord[]): ReadonlySet<string> {
  const found = new Set<string>();
  let last: string | null = null;
  for (const { topic } of records) {
    if (topic === last) continue;
    last = topic;
    found.add(topic);
  }
  return found;
}

async function topicIds(
  log: EventLog,
  topics: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const topic of topics) {
    try {
      const described = await log.describe([topic]);
      found.set(topic, described.get(topic)?.topicId ?? '');
    } catch (error) {
      if (!isRepriseError(error, 'UNKNOWN_TOPIC')) throw error;
    }
  }
  return found;
}

type Bindings = ReadonlyMap<string, readonly Binding[]>;

function find(bindings: Bindings, topic: string, topicId: string): string | undefined {
  return bindings.get(topic)?.find((each) => each.topicId === topicId)?.registry;
}

async function readBindings(log: EventLog): Promise<Bindings> {
  const found = new Map<string, Binding[]>();
  for await (const [topic, binding] of bindingRecords(log)) {
    found.set(topic, [...(found.get(topic) ?? []), binding]);
  }
  return found;
}

async function* bindingRecords(log: EventLog): AsyncGenerator<readonly [string, Binding]> {
  const described = await log.describe([BINDINGS_TOPIC]).catch((error: unknown) => {
    if (isRepriseError(error, 'UNKNOWN_TOPIC')) return null;
    throw error;
  });
  const [partition] = described?.get(BINDINGS_TOPIC)?.partitions ?? [];
  if (partition === undefined || partition.stableEndOffset === partition.startOffset) return;
  const { startOffset: offset, stableEndOffset: untilOffset } = partition;
  for await (const batch of log.read([
    { topic: BINDINGS_TOPIC, partition: 0, offset, untilOffset },
  ])) {
    for (let i = 0; i < batch.count; i += 1) {
      const key = batch.bytes.subarray(batch.keyStart[i], batch.keyEnd[i]);
      const value = batch.bytes.subarray(batch.valueStart[i], batch.valueEnd[i]);
      yield [
        Buffer.from(key).toString('utf8'),
        JSON.parse(Buffer.from(value).toString('utf8')) as Binding,
      ];
    }
  }
}

function bindingRecord(topic: string, binding: Binding): AppendRecord {
  return {
    topic: BINDINGS_TOPIC,
    partition: 0,
    key: Buffer.from(topic),
    value: Buffer.from(JSON.stringify(binding)),
  };
}

function mismatch(topic: string, bound: string, own: string): RepriseError {
  return new RepriseError(
    'REGISTRY_MISMATCH',
    `The records of ${topic} hold schema ids of registry ${bound}, and this database keeps registry ${own}: their ids mean other schemas. Use the database that keeps that registry; or, where it is lost, import its ids into a new database: reprise migrate, then reprise registry import FILE, with what \`reprise registry export\` wrote. Where the topic is throw-away, delete it.`,
    { facts: { topic, bound, registry: own } },
  );
}
