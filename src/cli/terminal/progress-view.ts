import { createRequire } from 'node:module';
import type { SingleBar } from 'cli-progress';
import { jsonText } from './json-text.ts';

const LINE_EVERY_MS = 2_000;

/** Progress of long work: a rebuild, a verification, a copy of the log. */
export interface ShownProgress {
  /** A projection, or the log. Absent: the phase says enough. */
  readonly name?: string;
  readonly version?: number;
  readonly phase: string;
  readonly records: number;
  readonly totalRecords: number;
  readonly recordsPerSecond: number;
  readonly etaSeconds: number | null;
}

/** Shows the progress of long work. */
export interface ProgressView {
  readonly show: (progress: ShownProgress) => void;
  /** Restores the terminal. */
  readonly end: () => void;
}

/**
 * Creates a view. For each name: a bar on a terminal; else a line, or a JSON event, every two
 * seconds and at each new phase.
 */
export function progressView(json: boolean): ProgressView {
  return !json && process.stderr.isTTY ? bars() : lines(json);
}

function bars(): ProgressView {
  // Loaded late: only long commands on a terminal show bars.
  const { MultiBar } = createRequire(import.meta.url)(
    'cli-progress',
  ) as typeof import('cli-progress');
  const view = new MultiBar({
    format: '{what} {bar} {percentage}% | {value} of {total} records | {rate}/s{left}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
  const shown = new Map<string | undefined, SingleBar>();
  return {
    show(progress) {
      const { name, records, totalRecords } = progress;
      const payload = {
        what: whatOf(progress),
        rate: Math.round(progress.recordsPerSecond),
        left: leftText(progress),
      };
      const bar = shown.get(name) ?? view.create(totalRecords, records, payload);
      shown.set(name, bar);
      bar.setTotal(totalRecords);
      bar.update(records, payload);
    },
    end: () => view.stop(),
  };
}

function lines(json: boolean): ProgressView {
  const shown = new Map<string | undefined, { readonly phase: string; readonly atMs: number }>();
  return {
    show(progress) {
      const { name, phase } = progress;
      const atMs = Date.now();
      const last = shown.get(name);
      if (phase === last?.phase && atMs - last.atMs < LINE_EVERY_MS) return;
      shown.set(name, { phase, atMs });
      if (json) console.log(jsonText({ event: 'progress', ...progress }));
      else process.stderr.write(`${progressText(progress)}\n`);
    },
    end: () => undefined,
  };
}

/** Formats one line: phase, percentage, rate and ETA. */
export function progressText(progress: ShownProgress): string {
  const { records, totalRecords, recordsPerSecond } = progress;
  const share = totalRecords === 0 ? 100 : Math.floor((records / totalRecords) * 100);
  return `${whatOf(progress)} ${share}% (${records} of ${totalRecords} records, ${Math.round(recordsPerSecond)}/s${leftText(progress)})`;
}

function whatOf({ name, version, phase }: ShownProgress): string {
  const versionText = version === undefined ? undefined : `v${version}`;
  return [name, versionText, phase].filter((part) => part !== undefined).join(' ');
}

function leftText({ etaSeconds }: ShownProgress): string {
  return etaSeconds === null ? '' : `, ${Math.ceil(etaSeconds)} s left`;
}
