import { RepriseError } from '../../../reprise-error.ts';
import type { TopicPartition } from '../wire/kafka-request.ts';

/**
 * Error codes of Kafka's protocol that the adapter handles. Source:
 * https://kafka.apache.org/protocol#protocol_error_codes
 */
export const brokerError = {
  none: 0,
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopicOrPartition: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  messageTooLarge: 10,
  networkException: 13,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  topicAuthorizationFailed: 29,
  clusterAuthorizationFailed: 31,
  invalidTimestamp: 32,
  illegalSaslState: 34,
  topicAlreadyExists: 36,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  storageError: 56,
  unknownProducerId: 59,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  invalidRecord: 87,
  throttlingQuotaExceeded: 89,
  unknownTopicId: 100,
} as const;

/** Creates the error UNKNOWN_TOPIC, with advice. */
export function unknownTopic(topic: string, partition?: number): RepriseError {
  const where = partition === undefined ? topic : `${topic}[${partition}]`;
  return new RepriseError(
    'UNKNOWN_TOPIC',
    `Kafka has no ${where}. Create the topic (ensureTopics, or \`kafka-topics --create\`), or correct its name.`,
    { facts: { topic, ...(partition === undefined ? {} : { partition }) } },
  );
}

/** Creates the error LOG_UNAUTHORIZED for a topic. */
export function topicForbidden(topic: string): RepriseError {
  return new RepriseError(
    'LOG_UNAUTHORIZED',
    `Kafka does not let this user use the topic ${topic}. Grant it READ, WRITE or CREATE with kafka-acls.`,
    { facts: { topic } },
  );
}

function tokenRefused(): RepriseError {
  return new RepriseError(
    'LOG_UNAUTHORIZED',
    "Kafka refused the token that the log's oauthBearerProvider gave. Check its issuer, audience and expiry.",
  );
}

/** Returns the typed error of a code for which retries are useless; otherwise undefined. */
export function definite(
  code: number,
  { topic, partition }: TopicPartition,
): RepriseError | undefined {
  if (code === brokerError.topicAuthorizationFailed) return topicForbidden(topic);
  // A refused OAUTHBEARER token: kafkajs takes the refusal for a success, and the broker answers
  // the next request with this code.
  if (code === brokerError.illegalSaslState) return tokenRefused();
  if (code === brokerError.invalidTopic) return unknownTopic(topic);
  if (code === brokerError.corruptMessage) {
    return new RepriseError(
      'CORRUPT_RECORD_BATCH',
      `The broker reports a corrupt batch in ${topic}[${partition}]. Check its disk and replicas; nothing was skipped.`,
      { facts: { topic, partition } },
    );
  }
  return undefined;
}
