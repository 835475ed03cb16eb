import { mavenClassPath } from './maven-jars.ts';

const VERSION = '4.1.1';

/**
 * The class path of Apache Kafka's jars (43 MB, about 10 s the first time). Undefined without Java,
 * or without the jars and maven.
 */
export function kafkaClassPath(): Promise<string | undefined> {
  return mavenClassPath('kafka', [
    `org.apache.kafka:kafka_2.13:${VERSION}`,
    `org.apache.kafka:kafka-tools:${VERSION}`,
    'org.slf4j:slf4j-simple:1.7.36',
  ]);
}
