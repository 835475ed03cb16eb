import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.jdbc.JdbcConnectionOptions;
import org.apache.flink.connector.jdbc.JdbcExecutionOptions;
import org.apache.flink.connector.jdbc.core.datastream.sink.JdbcSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.windowing.ProcessWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.util.Collector;

/**
 * The job of `bench rebuild` on Flink, in one process: Kafka, decode, count/sum/min/max per user and minute, JDBC upserts. Ends at the topic's end of now.
 * Arguments: brokers, topic, events, JDBC URL.
 */
public final class FlinkRebuild {
  private static final int PARALLELISM = 2;

  public static void main(String[] args) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(PARALLELISM, configuration());
    env.getConfig().enableObjectReuse();
    KafkaSource<Payment> source =
        KafkaSource.<Payment>builder()
            .setBootstrapServers(args[0])
            .setTopics(args[1])
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setBounded(OffsetsInitializer.latest())
            .setValueOnlyDeserializer(new PaymentSchema())
            .build();
    WatermarkStrategy<Payment> watermarks =
        WatermarkStrategy.<Payment>forBoundedOutOfOrderness(Duration.ofSeconds(10))
            .withTimestampAssigner((payment, timestamp) -> payment.occurredAt);
    env.fromSource(source, watermarks, "payments")
        .keyBy(payment -> payment.userId)
        .window(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
        .aggregate(new Sum(), new Label())
        .sinkTo(sink(args[3]));
    long started = System.nanoTime();
    env.execute();
    Measured.report(Long.parseLong(args[2]), started);
  }

  private static Configuration configuration() {
    return Configuration.fromMap(
        Map.of("taskmanager.memory.network.min", "64mb", "taskmanager.memory.network.max", "64mb"));
  }

  private static JdbcSink<Metrics> sink(String url) {
    return JdbcSink.<Metrics>builder()
        .withQueryStatement(Metrics.UPSERT, (statement, metrics) -> metrics.bind(statement))
        .withExecutionOptions(
            JdbcExecutionOptions.builder().withBatchSize(5_000).withBatchIntervalMs(200).withMaxRetries(3).build())
        .buildAtLeastOnce(
            new JdbcConnectionOptions.JdbcConnectionOptionsBuilder()
                .withUrl(url)
                .withDriverName("org.postgresql.Driver")
                .build());
  }

  private static final class PaymentSchema extends AbstractDeserializationSchema<Payment> {
    private transient BinaryDecoder decoder;

    @Override
    public Payment deserialize(byte[] value) throws IOException {
      if (decoder == null) decoder = DecoderFactory.get().binaryDecoder(value, null);
      return Payment.decode(value, decoder);
    }
  }

  private static final class Sum implements AggregateFunction<Payment, Metrics, Metrics> {
    @Override
    public Metrics createAccumulator() {
      return new Metrics();
    }

    @Override
    public Metrics add(Payment payment, Metrics metrics) {
      return metrics.add(payment);
    }

    @Override
    public Metrics getResult(Metrics metrics) {
      return metrics;
    }

    @Override
    public Metrics merge(Metrics one, Metrics other) {
      throw new UnsupportedOperationException("tumbling windows do not merge");
    }
  }

  private static final class Label extends ProcessWindowFunction<Metrics, Metrics, String, TimeWindow> {
    @Override
    public void process(String userId, Context context, Iterable<Metrics> elements, Collector<Metrics> out) {
      Metrics metrics = elements.iterator().next();
      metrics.userId = userId;
      metrics.windowStart = context.window().getStart();
      out.collect(metrics);
    }
  }
}
