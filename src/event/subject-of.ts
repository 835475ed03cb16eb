/**
 * How the registry subject of an event is named, as in Confluent's serializers: `topicRecordName`
 * (`accounts-bank.MoneyMoved`: several records on a topic, each with its own history), `topicName`
 * (`accounts-value`: one record per topic), `recordName` (`bank.MoneyMoved`: one history over all
 * topics).
 */
export const SUBJECT_STRATEGIES = ['topicRecordName', 'topicName', 'recordName'] as const;

/** A naming strategy for registry subjects. */
export type SubjectStrategy = (typeof SUBJECT_STRATEGIES)[number];

/**
 * Naming strategy by topic; `*` stands for all topics that are not listed. Default:
 * `topicRecordName`.
 */
export type SubjectStrategies = Readonly<Record<string, SubjectStrategy>>;

/** The parts of an event that its subject is named after. */
export interface SubjectSource {
  readonly topic: string;
  /** Avro schema text; the name of its outermost type is used. */
  readonly schemaText: string;
}

/** Returns the registry subject of an event's values. Pure. */
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
