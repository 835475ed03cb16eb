/**
 * reprise's public API. Everything else is internal, whatever its visibility in a file.
 */
export type { CompatibilityReport } from './avro/compatibility/check-compatibility.ts';
export { checkCompatibility } from './avro/compatibility/check-compatibility.ts';
export type {
  CompatibilityDirection,
  HistoryCheck,
  HistoryConflict,
  HistoryReport,
  HistoryWarning,
} from './avro/compatibility/check-history.ts';
export { checkHistory } from './avro/compatibility/check-history.ts';
export type {
  Incompatibility,
  IncompatibilityType,
  SilentChange,
  SilentChangeType,
} from './avro/compatibility/incompatibility.ts';
export type { ReferringSchema, SchemaSource } from './avro/schema/schema-source.ts';
export type { CopyProgress } from './composition/copy-meter.ts';
export { createReprise, moveLogToKafka } from './composition/entry-points.ts';
export type { MoveLogOptions, MoveLogReport } from './composition/move-log-to-kafka.ts';
export { TOKENS } from './composition/tokens.ts';
export type {
  ConfluentRegistryChoice,
  DatabaseByUrl,
  DevConfig,
  DevEvent,
  DevEventsOptions,
  EmbeddedDatabase,
  KafkaLogChoice,
  LogLevel,
  ProjectionClass,
  RegistryServerChoice,
  RepriseConfig,
  ResolvedConfig,
  SaslConfig,
} from './config/reprise-config.ts';
export { defineConfig } from './config/reprise-config.ts';
export type { KeyProvider } from './erasure/key-provider.ts';
export { localKeyProvider } from './erasure/local-key-provider.ts';
export type { SubjectKey } from './erasure/postgres/subject-keys.ts';
export { Decimal } from './event/decimal.ts';
export type { AvroEventOptions } from './event/define-avro-event.ts';
export { defineAvroEvent } from './event/define-avro-event.ts';
export type { JsonEventOptions, RawEvent, RawEventOptions } from './event/define-event.ts';
export { defineEvent } from './event/define-event.ts';
export type { EventDefinition, Evolution, Upcaster } from './event/event-definition.ts';
export type { Field, FieldType } from './event/field-type.ts';
export type { Redacted } from './event/redacted.ts';
export { isRedacted, REDACTED } from './event/redacted.ts';
export type { SubjectStrategies, SubjectStrategy } from './event/subject-of.ts';
export { upcaster } from './event/upcaster.ts';
export type { DeadLetter, LateEvent } from './fold/task/task-fold.ts';
export type { CopyPhase } from './log/copy/copy-topics.ts';
export type { RepartitionOptions, RepartitionReport } from './log/copy/repartition-topic.ts';
export { repartitionTopic } from './log/copy/repartition-topic.ts';
export type {
  AppendOptions,
  AppendRecord,
  EventLog,
  LeaderEpochEnd,
  LogTail,
  PartitionDescription,
  Position,
  ReadOptions,
  ReadPosition,
  TopicDescription,
  TopicSpec,
} from './log/event-log.ts';
export type { LogPosition } from './log/log-position.ts';
export { headersAt, recordAt } from './log/record-at.ts';
export type {
  LogRecord,
  RecordBatch,
  RecordBatchOrigin,
  RecordHeader,
  RecordIndex,
} from './log/record-batch.ts';
export type { Duration } from './projection/check/duration.ts';
export { compileProjection } from './projection/compile/compile-projection.ts';
export type {
  Approximate as ApproximateMeasures,
  CountMeasure,
  FieldMeasure,
  FieldNamed,
  FieldValue,
  JsonOfField,
  KeptOptions,
  Measure,
  MeasureOptions,
  MeasureValue,
  NumericField,
  OrderedField,
  PlainField,
  UserAggregate,
  UserMeasure,
} from './projection/declare/aggregates.ts';
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
} from './projection/declare/aggregates.ts';
export type { CheckedMeasures, Mistake } from './projection/declare/checked-measures.ts';
export type {
  Column,
  Columns,
  ColumnValue,
  DecimalValue,
  RowOfColumns,
  SqlRowOfColumns,
} from './projection/declare/columns.ts';
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
} from './projection/declare/columns.ts';
export type {
  DisorderOptions,
  EventsOf,
  FieldsOf,
  NoKeyField,
  TimeChoice,
  TimeField,
  TombstoneChoice,
} from './projection/declare/declared-sources.ts';
export { ingestionTime, processingTime } from './projection/declare/declared-sources.ts';
export type {
  ConditionFits,
  MatchOf,
  Misfits as StepsThatDoNotFit,
  NegativeMethod,
  NewStepName,
  Pattern,
  ProjectionEvent,
  StepEvent,
  StepMethod,
  StepOnce,
  StepOnOptions,
  StepOptions,
  Steps as PatternSteps,
  StepsOptional,
  StepsRepeated,
  StepWhere,
} from './projection/declare/pattern.ts';
export {
  begin,
  noSkip,
  skipPastLastEvent,
  skipToFirst,
  skipToLast,
  skipToNext,
} from './projection/declare/pattern.ts';
export type {
  AnyPatternDefinition,
  FittingPattern,
  MatchRow,
  PatternDefinition,
  PatternKeyStep,
  PatternOptions,
  PatternStep,
  RowColumns,
} from './projection/declare/pattern-projection.ts';
export { PatternProjection } from './projection/declare/pattern-projection.ts';
export type {
  SessionColumn,
  SessionDefinition,
  SessionKeyStep,
  SessionMeasureStep,
  SessionOptions,
  SessionRow,
  SessionStep,
} from './projection/declare/session-projection.ts';
export { SessionProjection } from './projection/declare/session-projection.ts';
export type {
  AnyTableDefinition,
  FannedStep,
  KeyedStep,
  KeyFields,
  LookedUp,
  MainStep,
  NoTables,
  OnlyColumns,
  Reduce,
  ReducedRow,
  RowsOf,
  TableOptions,
  TableSourceStep,
  TableStep,
  TablesByName,
  TombstoneAnswer,
} from './projection/declare/table-projection.ts';
export { TableProjection } from './projection/declare/table-projection.ts';
export type { Window } from './projection/declare/window.ts';
export { customWindows, sliding, tumbling } from './projection/declare/window.ts';
export type {
  KeyStep,
  MeasureStep,
  WindowColumn,
  WindowedDefinition,
  WindowedRow,
  WindowOptions,
  WindowStep,
} from './projection/declare/windowed-projection.ts';
export { WindowedProjection } from './projection/declare/windowed-projection.ts';
export type { ScoreMeasure } from './projection/declare/z-score.ts';
export { zScore } from './projection/declare/z-score.ts';
export type { ProjectionReference } from './projection/plan/declared-projections.ts';
export type {
  ErrorPolicies,
  ErrorPolicy,
  ErrorPolicyName,
  Retries,
  RetryPolicy,
} from './projection/plan/error-policy.ts';
export type {
  ConditionPlan,
  DataFilter,
  FieldCondition,
  FieldRange,
  FilterPlan,
  FilterValue,
} from './projection/plan/filter-plan.ts';
export type {
  ConditionOfStep,
  Contiguity,
  PatternElement,
  QuantifierPlan,
  SkipPlan,
} from './projection/plan/pattern-element.ts';
export type {
  AccumulatorPlan,
  AggregateName,
  EmissionPlan,
  GapPlan,
  HandlerKeys,
  HandlerPlan,
  KeyedTablePlan,
  KeyPlan,
  LookupPlan,
  MeasureFilterPlan,
  MeasurePlan,
  MeasuresPlan,
  PatternPlan,
  Plan,
  PlanBase,
  RecordKeyPosition,
  SessionPlan,
  SourcePlan,
  StatePlan,
  TimePlan,
  TombstonePlan,
  WindowedPlan,
} from './projection/plan/plan.ts';
export type { Definition, Flat as FlatRow, RowOf } from './projection/plan/projection.ts';
export { Projection } from './projection/plan/projection.ts';
export type { Json as JsonValue, PlanShape } from './projection/plan/shape-format.ts';
export type { SnakeCase } from './projection/plan/snake-case.ts';
export type {
  ColumnMerge,
  ColumnPlan,
  ColumnType,
  TablePlan,
  ViewPlan,
} from './projection/plan/table-plan.ts';
export type {
  CalendarWindow,
  CustomWindow,
  SlidingWindow,
  TumblingWindow,
  WindowBounds,
  WindowPlan,
} from './projection/plan/window-plan.ts';
export type { Publisher, PublishOptions } from './publish/publisher.ts';
export type { ReadModels, ViewRow } from './readmodel/read-models.ts';
export type {
  Asked,
  ColumnsOf,
  Compared,
  ComparisonOperator,
  ReadQuery,
  ScalarValue,
  SelectedRow,
} from './readmodel/read-query.ts';
export type { WaitOptions } from './readmodel/wait-for-position.ts';
export type { RegistryAdministration } from './registry/registry-administration.ts';
export type {
  ExportedSchema,
  ExportedVersion,
  ImportReport,
  RegistryExport,
} from './registry/registry-export.ts';
export type {
  RegistryServer,
  RegistryServerAuth,
  RegistryServerOptions,
} from './registry/registry-server.ts';
export type { RegistryMode } from './registry/registry-store.ts';
export type {
  CompatibilityLevel,
  RegisteredSchema,
  SchemaReference,
  SchemaRegistry,
} from './registry/schema-registry.ts';
export type { Reprise } from './reprise.ts';
export type { ErrorCode, ErrorFacts } from './reprise-error.ts';
export { isRepriseError, RepriseError } from './reprise-error.ts';
export type {
  DeadLetterMatch,
  DeadLetterSelection,
  DeadLetterStatus,
  RedriveReport,
} from './runner/dead-letters/dead-letter-status.ts';
export type { DeadLetters } from './runner/dead-letters/dead-letters.ts';
export type { Erasure, ForgetReport } from './runner/erasure.ts';
export type { PublishFailureStatus } from './runner/outbox/publish-failure-status.ts';
export type { InstanceStatus } from './runner/ownership/instance-status.ts';
export type { Instances } from './runner/ownership/instances.ts';
export type { Rate as WorkRate } from './runner/rebuild/rate.ts';
export type {
  RebuildOptions,
  RebuildProgress,
  RebuildReport,
  RebuildWorkers,
} from './runner/rebuild/rebuild-report.ts';
export type { Runner, RunnerCounters, RunnerTask } from './runner/runner.ts';
export type {
  ScannedPartition,
  ScannedSchema,
  ScanOptions,
  ScanProgress,
  ScanReport,
  UnreadableRecords,
} from './runner/scan/scan-report.ts';
export type { Schemas } from './runner/scan/schemas.ts';
export type { Health } from './runner/status/health.ts';
export type {
  DependencyStatus,
  HealthReport,
  LivenessOptions,
  ProjectionStatus,
  StatusOptions,
  TaskStatus,
} from './runner/status/task-status.ts';
export type { IdleAdvance } from './runner/store/idle-advance.ts';
export type { ProjectionVersion } from './runner/store/projection-version.ts';
export type { VersionState } from './runner/store/version-state.ts';
export type { AffectedLetter, AffectedProjection, SubjectReport } from './runner/subject-report.ts';
export type { ActivateOptions, ActivateReport } from './runner/switch/activate-report.ts';
export type {
  LogRange,
  RepairReport,
  RowDifference,
  VerifyOptions,
  VerifyReport,
} from './runner/verify/verify-report.ts';
export type { Versions } from './runner/versions.ts';
