import java.time.Duration;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Apache Kafka's own Java consumer, doing nothing with what it reads. Arguments: brokers, topic, events. */
public final class ConsumerDrain {
  public static void main(String[] args) throws Exception {
    String topic = args[1];
    long events = Long.parseLong(args[2]);
    Map<String, Object> config =
        Map.of("bootstrap.servers", args[0], "auto.offset.reset", "earliest", "enable.auto.commit", "false");
    long started = System.nanoTime();
    long seen = 0;
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(
          consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList());
      while (seen < events) seen += consumer.poll(Duration.ofSeconds(10)).count();
    }
    Measured.report(seen, started);
  }
}
