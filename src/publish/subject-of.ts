/** The registry subject of a topic's values: Confluent's TopicNameStrategy. */
export function subjectOf(topic: string): string {
  return `${topic}-value`;
}
