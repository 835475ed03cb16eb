import { RepriseError } from '../../../reprise-error.ts';
import type { Position } from '../../event-log.ts';
import type { KafkaConnections } from '../connection/kafka-connections.ts';
import { metadataRequest } from '../wire/kafka-request.ts';
import { findCoordinatorRequest, offsetCommitRequest } from '../wire/offset-commit-request.ts';

/**
 * Commits offsets to consumer groups without members, for display in Kafka's tools. Caches each
 * group's coordinator until it refuses a request.
 */
export class GroupOffsets {
  readonly #connections: KafkaConnections;
  readonly #coordinators = new Map<string, number>();

  constructor(connections: KafkaConnections) {
    this.#connections = connections;
  }

  /** Commits once. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED; a later attempt may succeed */
  async commit(group: string, offsets: readonly Position[]): Promise<void> {
    try {
      const coordinator = this.#coordinators.get(group) ?? (await this.#find(group));
      const answers = await this.#connections.sendTo(
        coordinator,
        offsetCommitRequest(group, offsets),
      );
      const failed = answers.find(({ errorCode }) => errorCode !== 0);
      if (failed !== undefined) throw refused(group, failed.errorCode);
      this.#coordinators.set(group, coordinator);
    } catch (error) {
      this.#coordinators.delete(group);
      throw error;
    }
  }

  async #find(group: string): Promise<number> {
    this.#connections.learn(await this.#connections.sendToAny(metadataRequest([])));
    const found = await this.#connections.sendToAny(findCoordinatorRequest(group));
    if (found.errorCode !== 0) throw refused(group, found.errorCode);
    return found.nodeId;
  }
}

const GROUP_AUTHORIZATION_FAILED = 30;

function refused(group: string, errorCode: number): RepriseError {
  if (errorCode === GROUP_AUTHORIZATION_FAILED) {
    return new RepriseError(
      'LOG_UNAUTHORIZED',
      `Kafka does not let this user commit offsets to the group ${group}. Grant it READ on the group with kafka-acls, or leave publishOffsets out.`,
      { facts: { group } },
    );
  }
  return new RepriseError(
    'LOG_UNAVAILABLE',
    `Kafka did not take the offsets of the group ${group} (error ${errorCode}). It may be electing a coordinator: try again.`,
    { retriable: true, facts: { group, errorCode } },
  );
}
