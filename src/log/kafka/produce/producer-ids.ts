import { RepriseError } from '../../../reprise-error.ts';
import { brokerError } from '../connection/broker-error.ts';
import type { KafkaConnections } from '../connection/kafka-connections.ts';
import { producerIdRequest } from './produce-request.ts';

/** The identity of a producer at the brokers. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly epoch: number;
}

/** The producer id of one appender: requested at first use, shared by its partitions. */
export class ProducerIds {
  readonly #connections: KafkaConnections;
  #given: Promise<ProducerIdentity> | undefined;
  #current: bigint | undefined;

  constructor(connections: KafkaConnections) {
    this.#connections = connections;
  }

  /** Returns the producer id. @throws LOG_UNAVAILABLE, LOG_UNAUTHORIZED */
  current(): Promise<ProducerIdentity> {
    this.#given ??= this.#ask().catch((error: unknown) => {
      this.#given = undefined;
      throw error;
    });
    return this.#given;
  }

  /** Makes `current` request another id, unless this one was already replaced. */
  replace(producerId: bigint): void {
    if (this.#current === producerId) this.#given = undefined;
  }

  async #ask(): Promise<ProducerIdentity> {
    const { errorCode, producerId, epoch } = await this.#connections.sendToAny(producerIdRequest());
    if (errorCode === brokerError.none) {
      this.#current = producerId;
      return { producerId, epoch };
    }
    const forbidden = errorCode === brokerError.clusterAuthorizationFailed;
    throw new RepriseError(
      forbidden ? 'LOG_UNAUTHORIZED' : 'LOG_UNAVAILABLE',
      forbidden
        ? 'Kafka does not let this user append idempotently. Grant it WRITE on its topics, before Kafka 2.8 also IDEMPOTENT_WRITE on the cluster, with kafka-acls.'
        : `Kafka gave out no producer id (error ${errorCode}). It may be electing leaders: try again.`,
      { retriable: !forbidden, facts: { errorCode } },
    );
  }
}
