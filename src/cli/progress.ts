import { SingleBar } from 'cli-progress';
import type { RebuildProgress } from '../reprise.ts';
import { jsonText } from './json-text.ts';

const LINE_EVERY_MS = 2_000;

/** What is shown; `version` null: the work is on no version. */
type ShownProgress = Omit<RebuildProgress, 'version' | 'phase'> & {
  readonly version: number | null;
  readonly phase: string;
};

/** Shows how a rebuild, a verification or a scan goes. */
export interface ProgressView {
  readonly show: (progress: ShownProgress) => void;
  /** Leaves the terminal as it should be. */
  readonly end: () => void;
}

/** On a terminal a bar; elsewhere a line, or a JSON event, every two seconds and at each new phase. */
export function progressView(json: boolean): ProgressView {
  return !json && process.stderr.isTTY ? bar() : lines(json);
}

function bar(): ProgressView {
  const view = new SingleBar({
    format: '{task} {phase} {bar} {percentage}% | {value} of {total} records | {rate}/s{left}',
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
  });
  let isShown = false;
  return {
    show(progress) {
      const { phase, records, totalRecords } = progress;
      const payload = {
        task: taskText(progress),
        phase,
        rate: Math.round(progress.recordsPerSecond),
        left: leftText(progress),
      };
      if (isShown) view.update(records, payload);
      else view.start(totalRecords, records, payload);
      isShown = true;
    },
    end: () => view.stop(),
  };
}

function lines(json: boolean): ProgressView {
  let shownAtMs = 0;
  let phase = '';
  return {
    show(progress) {
      const nowMs = Date.now();
      if (progress.phase === phase && nowMs - shownAtMs < LINE_EVERY_MS) return;
      shownAtMs = nowMs;
      phase = progress.phase;
      if (json) console.log(jsonText({ event: 'progress', ...progress }));
      else process.stderr.write(`${progressText(progress)}\n`);
    },
    end: () => undefined,
  };
}

/** One line: phase, share, rate and time left. */
export function progressText(progress: ShownProgress): string {
  const { phase, records, totalRecords, recordsPerSecond } = progress;
  const share = totalRecords === 0 ? 100 : Math.floor((records / totalRecords) * 100);
  return `${taskText(progress)} ${phase} ${share}% (${records} of ${totalRecords} records, ${Math.round(recordsPerSecond)}/s${leftText(progress)})`;
}

function taskText({ name, version }: ShownProgress): string {
  return version === null ? name : `${name} v${version}`;
}

function leftText({ etaSeconds }: ShownProgress): string {
  return etaSeconds === null ? '' : `, ${Math.ceil(etaSeconds)} s left`;
}
