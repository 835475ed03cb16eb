import type { ErrorPolicies } from './error-policy.ts';
import { readPolicy } from './error-policy.ts';
import type { PatternElement } from './pattern-element.ts';
import type { EmissionPlan, Plan, SourcePlan, TimePlan } from './plan.ts';
import { planWarnings } from './plan-warnings.ts';
import type { TablePlan } from './table-plan.ts';
import type { WindowPlan } from './window-plan.ts';

/**
 * Describes a plan for people: label and lines, in the order in which an event passes through it.
 */
export function explainPlan(plan: Plan): readonly (readonly [string, readonly string[]])[] {
  const { sources, keys, tables, emissions } = plan;
  return [
    ['projection', [`${plan.name} v${plan.version}, ${plan.kind}`]],
    ['reads', sources.map(sourceText)],
    ['event time', [...new Set(sources.map(({ time }) => timeText(time)))]],
    ['disorder', [disorderText(plan)]],
    ['key', [keys.map(({ field, column }) => `${field} → ${column}`).join(', ') || 'per table']],
    ...specifics(plan),
    ['tombstones', tombstoneText(plan)],
    ['tables', tables.flatMap(tableText)],
    ['publishes', emissions.length === 0 ? ['nothing'] : emissions.map(emissionText)],
    ['on error', [policyText('live', plan), policyText('rebuild', plan)]],
    ['replay', [replayText(plan)]],
    ['captures', plan.captures.length === 0 ? ['nothing'] : plan.captures],
    ['fingerprint', [plan.fingerprint]],
    ...warnings(plan),
  ];
}

function warnings(plan: Plan): [string, readonly string[]][] {
  const found = planWarnings(plan);
  return found.length === 0 ? [] : [['warnings', found]];
}

function policyText(when: keyof ErrorPolicies, { onError }: Plan): string {
  const policy = onError[when];
  if (policy === null) return `${when}: as the configuration says`;
  const { name, retries } = readPolicy(policy);
  if (retries === null) return `${when}: ${name}`;
  const { attempts, initialMs, factor } = retries;
  return `${when}: ${name}, ${attempts} attempts, the first wait ${initialMs} ms, each ${factor} times the one before`;
}

function sourceText({ event, where, fields, reads }: SourcePlan): string {
  const more =
    reads === undefined ? 'any field' : reads.filter((name) => !fields.includes(name)).join(', ');
  const mentioned = more === '' ? '' : `; its functions read ${more}`;
  const filter = where.length === 0 ? '' : `, where ${where.map(filterText).join(' and ')}`;
  return `${event.name} from ${event.topic}; decodes ${fields.join(', ') || 'no field by name'}${mentioned}${filter}`;
}

function filterText(filter: SourcePlan['where'][number]): string {
  if (filter.kind === 'function') return 'a function (decodes whole events)';
  return filter.conditions
    .map(({ field, operator, values }) => `${field} ${operator} ${values.map(String).join(' | ')}`)
    .join(' and ');
}

function timeText(time: TimePlan): string {
  switch (time.kind) {
    case 'field':
      return `field ${time.field}`;
    case 'record':
      return 'record timestamp';
    case 'processing':
      return 'clock of the process (not replayable)';
  }
}

function disorderText({ latenessMs, late, maxDriftMs, idleMs, sources }: Plan): string {
  const isDated = sources.some(({ time }) => time.kind !== 'processing');
  const drift = isDated ? `refused when ${maxDriftMs} ms ahead` : 'none refused as ahead';
  const idle =
    idleMs === null
      ? 'the clock never advances the watermark'
      : `the clock advances the watermark after ${idleMs} ms without events`;
  return `lateness ${latenessMs} ms; late events: ${late}; ${drift}; ${idle}`;
}

function specifics(plan: Plan): [string, string[]][] {
  switch (plan.kind) {
    case 'windowed': {
      const merged = plan.mergedAtRead ? '; partitions are merged when read' : '';
      const shown = plan.emit === 'onClose' ? 'once closed' : 'as events arrive';
      return [
        ['window', [`${windowText(plan.window)}; rows are shown ${shown}${merged}`]],
        ['measures', plan.measures.map(measureText)],
      ];
    }
    case 'session': {
      const gap = plan.gap.kind === 'fixed' ? `${plan.gap.gapMs} ms` : 'a function of the event';
      const most = plan.maxLengthMs === null ? '' : `; split after ${plan.maxLengthMs} ms`;
      return [
        ['session', [`gap ${gap}${most}`]],
        ['measures', plan.measures.map(measureText)],
      ];
    }
    case 'pattern':
      return [['pattern', patternText(plan)]];
    case 'table':
      return [
        [
          'handlers',
          plan.handlers.map(({ source, table, lookups }) => {
            const looks = lookups.map(({ name }) => name).join(', ');
            const event = plan.sources[source]?.event.name;
            return `${event} → ${plan.tables[table]?.name}${looks === '' ? '' : `, looking up ${looks}`}`;
          }),
        ],
      ];
  }
}

function windowText(window: WindowPlan): string {
  switch (window.kind) {
    case 'tumbling':
      return `tumbling, ${window.sizeMs} ms, offset ${window.offsetMs} ms`;
    case 'sliding':
      return `sliding, ${window.sizeMs} ms every ${window.everyMs} ms, offset ${window.offsetMs} ms`;
    case 'calendar':
      return `calendar, ${window.count} ${window.unit}, ${window.timeZone}`;
    case 'custom':
      return 'custom, by a function';
  }
}

function measureText(measure: {
  readonly name: string;
  readonly aggregate: string;
  readonly field?: string | null;
  readonly filter?: number | null;
}): string {
  const of = measure.field === null || measure.field === undefined ? '' : ` of ${measure.field}`;
  const some = typeof measure.filter === 'number' ? ', of some events' : '';
  return `${measure.name}: ${measure.aggregate}${of}${some}`;
}

function patternText(plan: Extract<Plan, { kind: 'pattern' }>): string[] {
  const within = plan.withinMs === null ? [] : [`within ${plan.withinMs} ms, first to last`];
  const steps = plan.withinStepsMs === null ? [] : [`within ${plan.withinStepsMs} ms per step`];
  return [
    ...plan.pattern.map((element) => elementText(element)),
    ...within,
    ...steps,
    `after a match: ${plan.skip.kind}`,
  ];
}

function elementText(element: PatternElement): string {
  const { min, max, optional, greedy } = element.quantifier;
  const times = min === 1 && max === 1 ? '' : ` {${min},${max ?? ''}}`;
  const marks = `${times}${optional ? ' optional' : ''}${greedy ? ' greedy' : ''}`;
  const what =
    element.kind === 'step'
      ? element.name
      : `(${element.elements.map((inner) => elementText(inner)).join('; ')})`;
  return `${element.contiguity} ${what}${marks}`;
}

function tombstoneText(plan: Plan): readonly string[] {
  if (plan.kind !== 'table') {
    const isRefused = plan.sources.some((source) => source.refusesTombstones === true);
    return [isRefused ? 'refused' : 'ignored'];
  }
  return plan.tables.map(({ name }, table) => {
    const answer = plan.tombstones?.find((each) => each.table === table)?.kind ?? 'refuse';
    return `${name}: ${TOMBSTONE_TEXTS[answer]}`;
  });
}

const TOMBSTONE_TEXTS = {
  refuse: 'refused',
  ignore: 'ignored',
  delete: 'delete the row of the record key',
  handler: 'a function replaces the row of the record key',
} as const;

function tableText({ name, version, columns, view }: TablePlan): string[] {
  const keys = columns.filter(({ role }) => role === 'key').map(({ name: column }) => column);
  const shown = view === null ? 'hidden state' : `behind the view ${name}`;
  return [
    `${name}__v${version}, ${shown}, key (${keys.join(', ')})`,
    ...columns.map(({ name: column, type, nullable, role }) => {
      const hidden = role === 'state' ? ', hidden' : '';
      return `  ${column} ${type}${nullable ? ' null' : ''}${hidden}`;
    }),
  ];
}

function emissionText({ on, event }: EmissionPlan): string {
  return `${event.name} to ${event.topic} on ${on}`;
}

function replayText({ replayable, rebuild }: Plan): string {
  if (!replayable) return 'not replayable: depends on the clock of the process';
  return rebuild === 'partial'
    ? 'replayable; a rebuild appends partial rows and merges them'
    : 'replayable; a rebuild writes whole rows in log order';
}
