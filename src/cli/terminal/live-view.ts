import { pause } from '../../concurrency/pause.ts';
import type { Reprise } from '../../reprise.ts';
import type { ProjectionStatus } from '../../runner/status/task-status.ts';
import { jsonText } from './json-text.ts';
import { queryRows, type ViewRow, viewColumns } from './query-rows.ts';
import { cellText, renderTable } from './render-table.ts';
import { lagText, rowsText } from './status-text.ts';
import type { Planned } from './with-app.ts';

const REDRAW_MS = 1_000;
const LINE_MS = 3_000;
const NEWEST_ROWS = 8;

/** What the live view shows of one projection. */
export interface ProjectionFrame {
  readonly name: string;
  readonly version: number;
  readonly eventsPerSecond: number;
  /** Null: unknown, because the log is unavailable. */
  readonly lagRecords: bigint | null;
  readonly rows: bigint;
  readonly rowsAreEstimated: boolean;
  readonly columns: readonly string[];
  readonly newest: readonly ViewRow[];
  /** Why tasks are paused or halted. */
  readonly errors: readonly string[];
}

/**
 * Shows projections while they run: redrawn in place on a terminal, else one line (or JSON line)
 * every three seconds.
 */
export class LiveView {
  private readonly app: Reprise;
  private readonly planned: readonly Planned[];
  private readonly json: boolean;
  private readonly before = new Map<string, { atMs: number; folded: number }>();
  private trouble: string | null = null;

  constructor(options: {
    readonly app: Reprise;
    readonly planned: readonly Planned[];
    readonly json: boolean;
  }) {
    this.app = options.app;
    this.planned = options.planned;
    this.json = options.json;
  }

  /** Shows a failure that does not end the run, until the next redraw without a failure. */
  tell(error: unknown): void {
    this.trouble = error instanceof Error ? error.message : String(error);
  }

  /** Resolves once the signal aborts. A failed read is shown, and repeated at the next redraw. */
  async show(signal: AbortSignal): Promise<void> {
    const inPlace = process.stdout.isTTY === true && !this.json;
    let height = 0;
    while (!signal.aborted) {
      const frames = await this.frames().catch((error: unknown) => this.tell(error));
      const trouble = this.trouble;
      this.trouble = null;
      if (signal.aborted) return;
      if (inPlace) {
        const lines = frameLines(frames ?? [], trouble).map(fitted);
        process.stdout.write(`${height > 0 ? `\x1b[${height}A\x1b[J` : ''}${lines.join('\n')}\n`);
        height = lines.length;
      } else {
        this.print(frames ?? [], trouble);
      }
      await pause(inPlace ? REDRAW_MS : LINE_MS, signal);
    }
  }

  private print(frames: readonly ProjectionFrame[], trouble: string | null): void {
    if (trouble !== null) process.stderr.write(`warning: ${trouble}\n`);
    for (const frame of frames) {
      if (this.json) {
        const { columns: _columns, ...rest } = frame;
        console.log(jsonText(rest));
        continue;
      }
      const newest = frame.newest[0];
      const row = newest === undefined ? '' : `; newest ${rowText(newest)}`;
      console.log(`${headline(frame)}${row}`);
      for (const error of frame.errors) console.log(`  ${error}`);
    }
  }

  private async frames(): Promise<readonly ProjectionFrame[]> {
    const status = await this.app.status();
    return Promise.all(this.planned.map((planned) => this.frame(planned, status)));
  }

  private async frame(
    { projection, plan }: Planned,
    status: readonly ProjectionStatus[],
  ): Promise<ProjectionFrame> {
    const of = status.find((one) => one.name === plan.name && one.version === plan.version);
    const time = plan.table.columns.find(
      ({ type, role }) => type === 'timestamptz' && role === 'key',
    );
    const newest = await queryRows(this.app, projection, {
      orderBy: time === undefined ? [] : [[time.name, 'desc']],
      limit: NEWEST_ROWS,
    });
    return {
      name: plan.name,
      version: plan.version,
      eventsPerSecond: this.eventsPerSecond(plan.name),
      lagRecords: of === undefined ? 0n : of.lagRecords,
      rows: of?.rows ?? 0n,
      rowsAreEstimated: of?.rowsAreEstimated ?? false,
      columns: viewColumns(plan),
      newest,
      errors: (of?.tasks ?? []).flatMap(({ partition, error }) =>
        error === null ? [] : [`partition ${partition}: ${error}`],
      ),
    };
  }

  private eventsPerSecond(name: string): number {
    const counters = this.app.runner.counters().filter((one) => one.name === name);
    const folded = counters.reduce((sum, one) => sum + one.recordsFolded, 0);
    const atMs = performance.now();
    const before = this.before.get(name);
    this.before.set(name, { atMs, folded });
    if (before === undefined) return 0;
    return Math.round(((folded - before.folded) * 1000) / Math.max(1, atMs - before.atMs));
  }
}

/** Returns the lines of the whole view. */
export function frameLines(
  frames: readonly ProjectionFrame[],
  trouble: string | null,
): readonly string[] {
  const body = frames.flatMap((frame) => [
    headline(frame),
    ...frame.errors.map((error) => `  ${error}`),
    '',
    ...renderTable(
      frame.columns,
      frame.newest.map((row) => frame.columns.map((column) => row[column])),
    ).map((line) => `  ${line}`),
    '',
  ]);
  return [
    'reprise dev',
    '',
    ...body,
    ...(trouble === null ? [] : [`warning: ${trouble}`]),
    'Ctrl-C stops; the next start resumes from here.',
  ];
}

function headline(frame: ProjectionFrame): string {
  return `${frame.name} v${frame.version}  ${frame.eventsPerSecond} events/s  lag ${lagText(frame.lagRecords)}  ${rowsText(frame)} rows`;
}

function rowText(row: ViewRow): string {
  return Object.entries(row)
    .map(([column, value]) => `${column}=${cellText(value)}`)
    .join(' ');
}

/**
 * Cuts a line to the terminal's width: a wrapped line would make the number of lines to erase
 * wrong.
 */
function fitted(line: string): string {
  return line.slice(0, Math.max(20, process.stdout.columns ?? 80));
}
