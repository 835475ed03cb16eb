/**
 * How the registry's subject of an event is named, as Confluent's serializers know it:
 * `topicRecordName` (`accounts-bank.MoneyMoved`: several records on a topic, each with a history of
 * its own), `topicName` (`accounts-value`: one record per topic), `recordName` (`bank.MoneyMoved`:
 * one history over all topics).
 */
export const SUBJECT_STRATEGIES = ['topicRecordName', 'topicName', 'recordName'] as const;

/** One of them. */
export type SubjectStrategy = (typeof SUBJECT_STRATEGIES)[number];

/**
 * Strategies by topic; `*` stands for all topics that are not named. Default: `topicRecordName`.
 */
export type SubjectStrategies = Readonly<Record<string, SubjectStrategy>>;

/** What a subject is named after. */
export interface SubjectSource {
  readonly topic: string;
  /** Avro; its outermost type is named. */
  readonly schemaText: string;
}

/** The registry subject of the values of an event. Pure. */
export function subjectOf(
  { topic, schemaText }: SubjectSource,
  strategies: SubjectStrategies = {},
): string {
  const strategy = strategies[topic] ?? strategies['*'] ?? 'topicRecordName';
  if (strategy === 'topicName') return `${topic}-value`;
  const name = fullName(schemaText);
  return strategy === 'recordName' ? name : `${topic}-${name}`;
}

/** The full name of the outermost type of an Avro schema. */
function fullName(schemaText: string): string {
  const { name, namespace = '' } = JSON.parse(schemaText) as { name: string; namespace?: string };
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;
}
