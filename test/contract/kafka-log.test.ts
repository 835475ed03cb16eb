import { createKafkaLog } from '../../src/log/kafka/kafka-log.ts';
import { eventLogContract } from '../../src/testing/contracts/event-log-contract.ts';
import { describeKafka, uniqueTopic } from '../support/kafka.ts';

describeKafka('the Kafka log keeps the contract of', (brokers) => {
  eventLogContract({ open: () => createKafkaLog({ brokers }), uniqueTopic });
});
