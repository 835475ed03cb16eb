/**
 * reprise's public API. Everything else is internal, whatever its visibility in a file.
 */
export type { CompatibilityReport } from './avro/check-compatibility.ts';
export { checkCompatibility } from './avro/check-compatibility.ts';
export type {
  CompatibilityDirection,
  HistoryCheck,
  HistoryConflict,
  HistoryReport,
  HistoryWarning,
} from './avro/check-history.ts';
export { checkHistory } from './avro/check-history.ts';
export type {
  Incompatibility,
  IncompatibilityType,
  SilentChange,
  SilentChangeType,
} from './avro/incompatibility.ts';
export type { ReferringSchema, SchemaSource } from './avro/schema-source.ts';
export type { CopyLogOptions, CopyLogReport } from './composition/copy-log.ts';
export { copyLog } from './composition/copy-log.ts';
export type { CopyProgress } from './composition/copy-meter.ts';
export { createReprise } from './composition/create-reprise.ts';
export { TOKENS } from './composition/tokens.ts';
export type {
  DevConfig,
  DevEvent,
  DevEventsOptions,
  LogLevel,
  ProjectionClass,
  RegistryServerChoice,
  RepriseConfig,
  ResolvedConfig,
} from './config/reprise-config.ts';
export { defineConfig } from './config/reprise-config.ts';
export type { KeyProvider } from './erasure/key-provider.ts';
export { localKeyProvider } from './erasure/local-key-provider.ts';
export type { SubjectKey } from './erasure/postgres/forget-subject.ts';
export { Decimal } from './event/decimal.ts';
export type { AvroEventOptions } from './event/define-avro-event.ts';
export { defineAvroEvent } from './event/define-avro-event.ts';
export type { RawEvent } from './event/define-event.ts';
export { defineEvent } from './event/define-event.ts';
export type { EventDefinition, Evolution, Upcaster } from './event/event-definition.ts';
export { upcaster } from './event/evolution.ts';
export type { Field, FieldType } from './event/field-type.ts';
export type { Redacted } from './event/redacted.ts';
export { isRedacted, REDACTED } from './event/redacted.ts';
export type { SubjectStrategies, SubjectStrategy } from './event/subject-of.ts';
export type { RepartitionOptions, RepartitionReport } from './log/copy/repartition.ts';
export { repartitionTopic } from './log/copy/repartition.ts';
export type {
  AppendRecord,
  EventLog,
  LeaderEpochEnd,
  PartitionDescription,
  Position,
  ReadOptions,
  ReadPosition,
  TopicDescription,
  TopicSpec,
} from './log/event-log.ts';
export { headersAt, recordAt } from './log/log-record.ts';
export type { LogRecord, RecordBatch, RecordHeader } from './log/record-batch.ts';
export type {
  Measure,
  MeasureOptions,
  MeasureValue,
  UserAggregate,
} from './projection/aggregates.ts';
export {
  aggregate,
  avg,
  collect,
  count,
  countDistinct,
  first,
  last,
  max,
  min,
  quantile,
  stddev,
  sum,
  topK,
  variance,
} from './projection/aggregates.ts';
export type { Column, Columns } from './projection/columns.ts';
export {
  bigint,
  boolean,
  columns,
  date,
  decimal,
  double,
  int,
  json,
  text,
  timestamp,
} from './projection/columns.ts';
export { compileProjection } from './projection/compile.ts';
export type {
  DisorderOptions,
  TimeChoice,
  TombstoneChoice,
} from './projection/declared-sources.ts';
export { ingestionTime, processingTime } from './projection/declared-sources.ts';
export type { Duration } from './projection/duration.ts';
export type {
  ErrorPolicies,
  ErrorPolicy,
  ErrorPolicyName,
  Retries,
  RetryPolicy,
} from './projection/error-policy.ts';
export type { DataFilter } from './projection/filter.ts';
export type { MatchOf, Pattern, StepOptions } from './projection/pattern.ts';
export {
  begin,
  noSkip,
  skipPastLastEvent,
  skipToFirst,
  skipToLast,
  skipToNext,
} from './projection/pattern.ts';
export type {
  MatchRow,
  PatternDefinition,
  PatternOptions,
} from './projection/pattern-projection.ts';
export { PatternProjection } from './projection/pattern-projection.ts';
export type {
  KeyedTablePlan,
  PatternPlan,
  Plan,
  SessionPlan,
  WindowedPlan,
} from './projection/plan.ts';
export type { Definition, RowOf } from './projection/projection.ts';
export { Projection } from './projection/projection.ts';
export type {
  SessionDefinition,
  SessionOptions,
  SessionRow,
} from './projection/session-projection.ts';
export { SessionProjection } from './projection/session-projection.ts';
export type { Reduce, TableStep, TombstoneAnswer } from './projection/table-projection.ts';
export { TableProjection } from './projection/table-projection.ts';
export type {
  CalendarWindow,
  CustomWindow,
  SlidingWindow,
  TumblingWindow,
  Window,
  WindowPlan,
} from './projection/window.ts';
export { customWindows, sliding, tumbling } from './projection/window.ts';
export type {
  WindowedDefinition,
  WindowedRow,
  WindowOptions,
} from './projection/windowed-projection.ts';
export { WindowedProjection } from './projection/windowed-projection.ts';
export { zScore } from './projection/z-score.ts';
export type { Publisher, PublishOptions } from './publish/publisher.ts';
export type { ReadModels } from './readmodel/read-models.ts';
export type {
  RegistryServer,
  RegistryServerAuth,
  RegistryServerOptions,
} from './registry/registry-server.ts';
export type {
  CompatibilityLevel,
  RegisteredSchema,
  SchemaReference,
  SchemaRegistry,
} from './registry/schema-registry.ts';
export type {
  ActivateOptions,
  ActivateReport,
  AffectedLetter,
  AffectedProjection,
  DeadLetterSelection,
  DeadLetterStatus,
  HealthReport,
  InstanceStatus,
  LivenessOptions,
  PartStatus,
  ProjectionStatus,
  PublishFailureStatus,
  RebuildProgress,
  RebuildReport,
  RebuildWorkers,
  RedriveReport,
  Reprise,
  Runner,
  RunnerCounters,
  RunnerTask,
  TaskStatus,
} from './reprise.ts';
export type { ErrorCode, ErrorFacts } from './reprise-error.ts';
export { isRepriseError, RepriseError } from './reprise-error.ts';
export type {
  ScannedPartition,
  ScannedSchema,
  ScanOptions,
  ScanProgress,
  ScanReport,
  UnreadableRecords,
} from './scan-report.ts';
