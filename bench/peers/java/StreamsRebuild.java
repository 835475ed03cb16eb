import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;

/**
 * The job of `bench rebuild` on Kafka Streams, in one process with two threads and its store in memory (quicker than RocksDB): count/sum/min/max per user and
 * minute, changelog as by default, batched upserts. Arguments: brokers, topic, events, JDBC URL.
 */
public final class StreamsRebuild {
  private static final AtomicLong seen = new AtomicLong();
  private static final CountDownLatch finished = new CountDownLatch(1);

  public static void main(String[] args) throws Exception {
    long events = Long.parseLong(args[2]);
    long started = System.nanoTime();
    KafkaStreams streams = new KafkaStreams(topology(args[1], events, args[3]), settings(args[0], args[1]));
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          System.exit(1);
          return null;
        });
    streams.start();
    finished.await();
    // Closing commits: what the record cache still holds goes through the sink, whose `close` writes its last batch.
    streams.close();
    Measured.report(seen.get(), started);
    streams.cleanUp();
  }

  private static Properties settings(String brokers, String topic) throws Exception {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, topic + "-streams-" + ProcessHandle.current().pid());
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("streams").toString());
    settings.put("auto.offset.reset", "earliest");
    return settings;
  }

  private static Topology topology(String topic, long events, String url) {
    Serde<Payment> payments = Serdes.serdeFrom((t, payment) -> new byte[0], reader());
    Serde<Metrics> metrics = Serdes.serdeFrom((t, each) -> each.toBytes(), (t, bytes) -> Metrics.ofBytes(bytes));
    StreamsBuilder builder = new StreamsBuilder();
    builder
        .stream(
            topic,
            Consumed.with(Serdes.String(), payments)
                .withTimestampExtractor((record, previous) -> ((Payment) record.value()).occurredAt))
        .peek(
            (user, payment) -> {
              if (seen.incrementAndGet() == events) finished.countDown();
            })
        .groupByKey(Grouped.with(Serdes.String(), payments))
        .windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofMinutes(1), Duration.ofSeconds(10)))
        .aggregate(
            Metrics::new,
            (user, payment, each) -> each.add(payment),
            Materialized.<String, Metrics>as(
                    org.apache.kafka.streams.state.Stores.inMemoryWindowStore(
                        "metrics", Duration.ofSeconds(70), Duration.ofMinutes(1), false))
                .withKeySerde(Serdes.String())
                .withValueSerde(metrics)
                .withCachingEnabled())
        .toStream()
        .process(() -> new Sink(url));
    return builder.build();
  }

  private static Deserializer<Payment> reader() {
    return (topic, bytes) -> {
      try {
        return Payment.decode(bytes, null);
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    };
  }

  /** Upserts in batches of 5,000, one transaction each. */
  private static final class Sink extends ContextualProcessor<Windowed<String>, Metrics, Void, Void> {
    private static final int BATCH_ROWS = 5_000;
    private final String url;
    private Connection connection;
    private PreparedStatement upsert;
    /** By key: one statement must not touch a row twice, and the record cache may give a key again. */
    private final Map<Windowed<String>, Metrics> waiting = new HashMap<>();

    Sink(String url) {
      this.url = url;
    }

    @Override
    public void process(Record<Windowed<String>, Metrics> record) {
      Metrics metrics = record.value();
      metrics.userId = record.key().key();
      metrics.windowStart = record.key().window().start();
      try {
        if (connection == null) {
          connection = DriverManager.getConnection(url);
          connection.setAutoCommit(false);
          upsert = connection.prepareStatement(Metrics.UPSERT);
        }
        waiting.put(record.key(), metrics);
        if (waiting.size() >= BATCH_ROWS) write();
      } catch (java.sql.SQLException error) {
        throw new IllegalStateException(error);
      }
    }

    private void write() throws java.sql.SQLException {
      for (Metrics metrics : waiting.values()) {
        metrics.bind(upsert);
        upsert.addBatch();
      }
      upsert.executeBatch();
      connection.commit();
      waiting.clear();
    }

    @Override
    public void close() {
      if (connection == null) return;
      try {
        write();
        connection.close();
      } catch (java.sql.SQLException error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
