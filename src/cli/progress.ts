import { SingleBar } from 'cli-progress';
import type { RebuildProgress } from '../reprise.ts';
import { jsonText } from './json-text.ts';

const LINE_EVERY_MS = 2_000;

/** Shows how a rebuild or a verification goes. */
export interface ProgressView {
  readonly show: (progress: RebuildProgress) => void;
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
      const { name, version, phase, records, totalRecords } = progress;
      const payload = {
        task: `${name} v${version}`,
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
export function progressText(progress: RebuildProgress): string {
  const { name, version, phase, records, totalRecords, recordsPerSecond } = progress;
  const share = totalRecords === 0 ? 100 : Math.floor((records / totalRecords) * 100);
  return `${name} v${version} ${phase} ${share}% (${records} of ${totalRecords} records, ${Math.round(recordsPerSecond)}/s${leftText(progress)})`;
}

function leftText({ etaSeconds }: RebuildProgress): string {
  return etaSeconds === null ? '' : `, ${Math.ceil(etaSeconds)} s left`;
}
