/** A page of the API reference. */
export interface ApiPage {
  readonly file: string;
  readonly title: string;
  /** What the page is about, in a sentence. */
  readonly about: string;
  readonly sections: readonly ApiSection[];
}

/** Names of one subject: those whose file begins with one of the paths. The first that fits. */
export interface ApiSection {
  readonly title: string;
  readonly paths: readonly string[];
}

/** The subjects of the API, in the order of a reader who begins. */
export const API_PAGES: readonly ApiPage[] = [
  {
    file: 'api-events.md',
    title: 'Events',
    about: 'Definitions of events, their values, and comparison of schemas.',
    sections: [
      {
        title: 'Define events',
        paths: ['event/define-', 'event/event-definition', 'event/field-type', 'event/upcaster'],
      },
      { title: 'Values of events', paths: ['event/decimal', 'event/redacted'] },
      { title: 'Compare schemas', paths: ['avro/', 'event/subject-of'] },
    ],
  },
  {
    file: 'api-projections.md',
    title: 'Projections',
    about: 'What all projections have, and projections of windows and sessions.',
    sections: [
      {
        title: 'All projections',
        paths: [
          'projection/plan/projection',
          'projection/declare/declared-sources',
          'projection/check/',
          'projection/plan/filter-plan',
          'projection/plan/error-policy',
          'projection/compile/',
        ],
      },
      {
        title: 'Windows',
        paths: ['projection/declare/windowed', 'projection/declare/window'],
      },
      { title: 'Sessions', paths: ['projection/declare/session'] },
      {
        title: 'Measures',
        paths: [
          'projection/declare/aggregates',
          'projection/declare/checked',
          'projection/declare/z',
        ],
      },
    ],
  },
  {
    file: 'api-patterns.md',
    title: 'Patterns',
    about: 'Projections that match sequences of events.',
    sections: [
      { title: 'Pattern projections', paths: ['projection/declare/pattern-projection'] },
      { title: 'Steps of a pattern', paths: ['projection/declare/pattern.ts'] },
    ],
  },
  {
    file: 'api-tables.md',
    title: 'Tables',
    about: 'Projections of current state.',
    sections: [
      { title: 'Table projections', paths: ['projection/declare/table'] },
      { title: 'Columns', paths: ['projection/declare/columns'] },
    ],
  },
  {
    file: 'api-application.md',
    title: 'Application',
    about: 'Compose an application, publish events, read rows, run projections, handle errors.',
    sections: [
      { title: 'Compose', paths: ['composition/', 'reprise.ts', 'log/copy/copy-topics'] },
      { title: 'Publish', paths: ['publish/'] },
      { title: 'Read', paths: ['readmodel/', 'projection/plan/declared-projections'] },
      { title: 'Run', paths: ['runner/runner.ts'] },
      { title: 'Errors', paths: ['reprise-error'] },
      { title: 'Configuration', paths: ['config/', 'erasure/key-provider', 'erasure/local'] },
    ],
  },
  {
    file: 'api-operations.md',
    title: 'Operations',
    about: 'The members of an application that operate it: `app.versions`, `app.deadLetters`, …',
    sections: [
      {
        title: 'app.versions',
        paths: ['runner/versions', 'runner/rebuild/', 'runner/switch/', 'runner/verify/'],
      },
      { title: 'app.deadLetters', paths: ['runner/dead-letters/', 'fold/'] },
      { title: 'app.erasure', paths: ['runner/erasure', 'runner/subject-report', 'erasure/'] },
      { title: 'app.schemas', paths: ['runner/scan/'] },
      { title: 'app.instances', paths: ['runner/ownership/'] },
      { title: 'app.health and app.status', paths: ['runner/status/', 'runner/outbox/'] },
      {
        title: 'app.postgresRegistry',
        paths: [
          'registry/registry-administration',
          'registry/registry-server',
          'registry/registry-export',
          'registry/registry-store',
        ],
      },
      { title: 'Stored facts', paths: ['runner/store/'] },
    ],
  },
  {
    file: 'api-ports.md',
    title: 'Log and schema registry',
    about: 'The ports that adapters implement: `app.log` and `app.registry`.',
    sections: [
      { title: 'Log', paths: ['log/'] },
      { title: 'Schema registry', paths: ['registry/'] },
    ],
  },
  {
    file: 'api-plans.md',
    title: 'Compiled plans',
    about: 'What `compileProjection` returns and `reprise explain` prints: plain data.',
    sections: [{ title: 'Plans', paths: ['projection/plan/'] }],
  },
  {
    file: 'api-testing.md',
    title: 'Testing',
    about: 'Test projections in memory, and adapters against the contract of their port.',
    sections: [
      { title: 'Specifications', paths: ['testing/given', 'testing/happening', 'testing/with'] },
      { title: 'Scenarios', paths: ['testing/scenario', 'testing/memory'] },
      { title: 'Laws', paths: ['testing/check', 'testing/find', 'testing/event'] },
      { title: 'Contracts of adapters', paths: ['testing/contracts/'] },
    ],
  },
];
