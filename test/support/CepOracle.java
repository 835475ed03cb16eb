import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.cep.nfa.ComputationState;
import org.apache.flink.cep.nfa.NFA;
import org.apache.flink.cep.nfa.NFAState;
import org.apache.flink.cep.nfa.State;
import org.apache.flink.cep.nfa.aftermatch.AfterMatchSkipStrategy;
import org.apache.flink.cep.nfa.compiler.NFACompiler;
import org.apache.flink.cep.nfa.sharedbuffer.EventId;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBuffer;
import org.apache.flink.cep.nfa.sharedbuffer.SharedBufferAccessor;
import org.apache.flink.cep.pattern.Pattern;
import org.apache.flink.cep.pattern.WithinType;
import org.apache.flink.cep.pattern.conditions.IterativeCondition;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ArrayNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What Flink's own automaton finds, one JSON line per case: pattern and events of one key in order. Two things are put right so that answers can be compared at all.
 * The time between steps applies to every state (Flink leaves out some of a loop's), and matches that began with the same event wait in the order in which they
 * became certain, then of their positions (Flink leaves that to a heap).
 */
public final class CepOracle {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Conditions asked in one case beyond which the automaton is held to hang. */
  private static final int ASKED_MOST = 300_000;

  private static JsonNode events;
  private static int asked;

  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(JSON.writeValueAsString(answer(JSON.readTree(line))));
    }
    out.flush();
  }

  private static ObjectNode answer(JsonNode question) {
    ObjectNode answer = JSON.createObjectNode();
    NFA<Integer> nfa;
    Pattern<Integer, ?> pattern;
    events = question.get("events");
    asked = 0;
    try {
      pattern = pattern(question);
      nfa = automaton(pattern, question);
    } catch (RuntimeException | StackOverflowError refused) {
      return answer.put("refused", String.valueOf(refused.getMessage()));
    }
    try {
      run(nfa, pattern.getAfterMatchSkipStrategy(), question, answer);
      return answer;
    } catch (Exception | StackOverflowError | OutOfMemoryError failed) {
      Throwable cause = failed;
      while (cause.getCause() != null) cause = cause.getCause();
      String kind = cause instanceof Hangs ? "hangs" : "failed";
      return JSON.createObjectNode().put(kind, cause.toString());
    }
  }

  private static NFA<Integer> automaton(Pattern<Integer, ?> pattern, JsonNode question) {
    Collection<State<Integer>> states = NFACompiler.compileFactory(pattern, true).createNFA().getStates();
    Map<String, Long> windows = new HashMap<>();
    if (question.hasNonNull("withinSteps")) {
      for (State<Integer> state : states) windows.put(state.getName(), question.get("withinSteps").asLong());
    }
    return new NFA<>(states, windows, question.hasNonNull("within") ? question.get("within").asLong() : 0L, true);
  }

  private static void run(NFA<Integer> nfa, AfterMatchSkipStrategy skip, JsonNode question, ObjectNode answer)
      throws Exception {
    SharedBuffer<Integer> buffer = new SharedBuffer<>(new Memory(), IntSerializer.INSTANCE);
    try (SharedBufferAccessor<Integer> accessor = buffer.getAccessor()) {
      ArrayNode matches = answer.putArray("matches");
      ArrayNode timeouts = answer.putArray("timeouts");
      NFAState initial = nfa.createInitialNFAState();
      Waiting waiting = new Waiting(accessor, question);
      NFAState state = new NFAState(initial.getPartialMatches(), waiting);
      for (int i = 0; i < events.size(); i++) {
        long timeMs = events.get(i).get("timeMs").asLong();
        pass(nfa, accessor, state, skip, timeMs, waiting, matches, timeouts);
        waiting.at(timeMs, i);
        for (Map<String, List<Integer>> match : nfa.process(accessor, state, i, timeMs, skip, () -> 0L)) {
          matches.add(JSON.valueToTree(new TreeMap<>(match)));
        }
      }
      pass(nfa, accessor, state, skip, question.get("endMs").asLong(), waiting, matches, timeouts);
    } finally {
      buffer.releaseCacheStatisticsTimer();
    }
  }

  private static void pass(NFA<Integer> nfa, SharedBufferAccessor<Integer> accessor, NFAState state,
      AfterMatchSkipStrategy skip, long timeMs, Waiting waiting, ArrayNode matches, ArrayNode timeouts)
      throws Exception {
    waiting.at(timeMs, -1);
    Tuple2<Collection<Map<String, List<Integer>>>, Collection<Tuple2<Map<String, List<Integer>>, Long>>> passed =
        nfa.advanceTime(accessor, state, timeMs, skip);
    for (Map<String, List<Integer>> match : passed.f0) matches.add(JSON.valueToTree(new TreeMap<>(match)));
    for (Tuple2<Map<String, List<Integer>>, Long> partial : passed.f1) {
      timeouts.add(JSON.valueToTree(new TreeMap<>(partial.f0)));
    }
  }

  private static Pattern<Integer, ?> pattern(JsonNode question) {
    Pattern<Integer, Integer> pattern = sequence(question.get("elements"), skip(question.get("skip")));
    if (question.hasNonNull("within")) pattern.within(Duration.ofMillis(question.get("within").asLong()));
    if (question.hasNonNull("withinSteps")) {
      pattern.within(Duration.ofMillis(question.get("withinSteps").asLong()), WithinType.PREVIOUS_AND_CURRENT);
    }
    return pattern;
  }

  private static AfterMatchSkipStrategy skip(JsonNode skip) {
    boolean throwsOnMiss = skip.path("throwOnMiss").asBoolean();
    switch (skip.get("kind").asText()) {
      case "noSkip": return AfterMatchSkipStrategy.noSkip();
      case "skipToNext": return AfterMatchSkipStrategy.skipToNext();
      case "skipPastLastEvent": return AfterMatchSkipStrategy.skipPastLastEvent();
      case "skipToFirst": {
        var first = AfterMatchSkipStrategy.skipToFirst(skip.get("step").asText());
        return throwsOnMiss ? first.throwExceptionOnMiss() : first;
      }
      default: {
        var last = AfterMatchSkipStrategy.skipToLast(skip.get("step").asText());
        return throwsOnMiss ? last.throwExceptionOnMiss() : last;
      }
    }
  }

  private static Pattern<Integer, Integer> sequence(JsonNode elements, AfterMatchSkipStrategy skip) {
    Pattern<Integer, Integer> pattern = null;
    for (JsonNode element : elements) {
      if (element.has("elements")) pattern = group(pattern, element, skip);
      else pattern = step(pattern, element, skip);
      quantify(pattern, element);
    }
    return pattern;
  }

  private static Pattern<Integer, Integer> group(
      Pattern<Integer, Integer> before, JsonNode element, AfterMatchSkipStrategy skip) {
    Pattern<Integer, Integer> inside = sequence(element.get("elements"), AfterMatchSkipStrategy.noSkip());
    if (before == null) return Pattern.begin(inside, skip);
    switch (element.get("contiguity").asText()) {
      case "next": return before.next(inside);
      case "followedBy": return before.followedBy(inside);
      default: return before.followedByAny(inside);
    }
  }

  private static Pattern<Integer, Integer> step(
      Pattern<Integer, Integer> before, JsonNode element, AfterMatchSkipStrategy skip) {
    String name = element.get("name").asText();
    Condition condition = new Condition(element.get("condition"));
    return (before == null ? Pattern.<Integer>begin(name, skip) : after(before, element, name)).where(condition);
  }

  private static Pattern<Integer, Integer> after(Pattern<Integer, Integer> before, JsonNode element, String name) {
    switch (element.get("contiguity").asText()) {
      case "next": return before.next(name);
      case "followedBy": return before.followedBy(name);
      case "followedByAny": return before.followedByAny(name);
      case "notNext": return before.notNext(name);
      default: return before.notFollowedBy(name);
    }
  }

  private static void quantify(Pattern<Integer, Integer> pattern, JsonNode element) {
    JsonNode quantifier = element.get("quantifier");
    int min = quantifier.get("min").asInt();
    if (!quantifier.hasNonNull("max")) {
      if (min == 1) pattern.oneOrMore();
      else pattern.timesOrMore(min);
    } else if (quantifier.get("max").asInt() > 1) {
      pattern.times(min, quantifier.get("max").asInt());
    }
    if (quantifier.get("greedy").asBoolean()) pattern.greedy();
    if (quantifier.get("optional").asBoolean()) pattern.optional();
    if (quantifier.get("inner").asText().equals("consecutive")) pattern.consecutive();
    if (quantifier.get("inner").asText().equals("combinations")) pattern.allowCombinations();
    if (quantifier.hasNonNull("until")) pattern.until(new Condition(quantifier.get("until")));
  }

  /** Too many conditions were asked for one case. */
  private static final class Hangs extends RuntimeException {}

  /** One of some letters; with steps to look at, also a value not below any taken so far. */
  private static final class Condition extends IterativeCondition<Integer> {
    private final String letters;
    private final List<String> rises = new ArrayList<>();

    Condition(JsonNode condition) {
      letters = condition.get("letters").asText();
      condition.path("rises").forEach(step -> rises.add(step.asText()));
    }

    @Override
    public boolean filter(Integer event, Context<Integer> context) throws Exception {
      if (++asked > ASKED_MOST) throw new Hangs();
      if (letters.indexOf(events.get(event).get("letter").asText()) < 0) return false;
      for (String step : rises) {
        for (Integer taken : context.getEventsForPattern(step)) {
          if (events.get(taken).get("value").asInt() > events.get(event).get("value").asInt()) return false;
        }
      }
      return true;
    }
  }

  /** Complete matches that wait: those of one beginning by when they were certain, then by their positions. */
  private static final class Waiting extends PriorityQueue<ComputationState> {
    private final transient Map<ComputationState, long[]> ranks;
    private final transient Map<ComputationState, String> names;
    private final transient SharedBufferAccessor<Integer> accessor;
    private final transient long within;
    private final transient long withinSteps;
    private transient long timeMs;
    private transient int index;

    Waiting(SharedBufferAccessor<Integer> accessor, JsonNode question) {
      this(accessor, question, new IdentityHashMap<>(), new IdentityHashMap<>());
    }

    private Waiting(SharedBufferAccessor<Integer> accessor, JsonNode question,
        Map<ComputationState, long[]> ranks, Map<ComputationState, String> names) {
      super(NFAState.COMPUTATION_STATE_COMPARATOR
          .thenComparing(ranks::get, Waiting::compare)
          .thenComparing(names::get, Comparator.naturalOrder()));
      this.ranks = ranks;
      this.names = names;
      this.accessor = accessor;
      within = question.hasNonNull("within") ? question.get("within").asLong() : Long.MAX_VALUE / 2;
      withinSteps = question.hasNonNull("withinSteps") ? question.get("withinSteps").asLong() : Long.MAX_VALUE / 2;
    }

    void at(long nowMs, int event) {
      timeMs = nowMs;
      index = event;
    }

    @Override
    public boolean offer(ComputationState match) {
      Map<String, List<EventId>> taken =
          accessor.extractPatterns(match.getPreviousBufferEntry(), match.getVersion()).get(0);
      List<Map.Entry<EventId, String>> chain = taken.entrySet().stream()
          .flatMap(step -> step.getValue().stream().map(event -> Map.entry(event, step.getKey())))
          .sorted(Map.Entry.comparingByKey())
          .collect(Collectors.toList());
      long[] rank = new long[2 + 2 * chain.size()];
      rank[0] = index >= 0 ? timeMs
          : Math.min(match.getStartTimestamp() + within, match.getPreviousTimestamp() + withinSteps);
      rank[1] = index;
      for (int i = 0; i < chain.size(); i++) {
        rank[2 + 2 * i] = chain.get(i).getKey().getTimestamp();
        rank[3 + 2 * i] = chain.get(i).getKey().getId();
      }
      ranks.put(match, rank);
      names.put(match, chain.stream().map(Map.Entry::getValue).collect(Collectors.joining(",")));
      return super.offer(match);
    }

    private static int compare(long[] one, long[] other) {
      for (int i = 0; i < Math.min(one.length, other.length); i++) {
        if (one[i] != other[i]) return Long.compare(one[i], other[i]);
      }
      return Integer.compare(one.length, other.length);
    }
  }

  /** State of one key, in memory. */
  private static final class Memory implements KeyedStateStore {
    @Override
    public <K, V> MapState<K, V> getMapState(MapStateDescriptor<K, V> state) {
      return new MemoryMap<>();
    }

    @Override
    public <T> ValueState<T> getState(ValueStateDescriptor<T> state) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> ListState<T> getListState(ListStateDescriptor<T> state) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T> ReducingState<T> getReducingState(ReducingStateDescriptor<T> state) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <I, A, O> AggregatingState<I, O> getAggregatingState(AggregatingStateDescriptor<I, A, O> state) {
      throw new UnsupportedOperationException();
    }
  }

  private static final class MemoryMap<K, V> implements MapState<K, V> {
    private final Map<K, V> map = new HashMap<>();

    @Override
    public V get(K key) {
      return map.get(key);
    }

    @Override
    public void put(K key, V value) {
      map.put(key, value);
    }

    @Override
    public void putAll(Map<K, V> others) {
      map.putAll(others);
    }

    @Override
    public void remove(K key) {
      map.remove(key);
    }

    @Override
    public boolean contains(K key) {
      return map.containsKey(key);
    }

    @Override
    public Iterable<Map.Entry<K, V>> entries() {
      return map.entrySet();
    }

    @Override
    public Iterable<K> keys() {
      return map.keySet();
    }

    @Override
    public Iterable<V> values() {
      return map.values();
    }

    @Override
    public Iterator<Map.Entry<K, V>> iterator() {
      return map.entrySet().iterator();
    }

    @Override
    public boolean isEmpty() {
      return map.isEmpty();
    }

    @Override
    public void clear() {
      map.clear();
    }
  }
}
