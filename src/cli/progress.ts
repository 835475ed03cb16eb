import type { RebuildProgress } from '../reprise.ts';
import { jsonText } from './json-text.ts';

const LINE_EVERY_MS = 2_000;

/** On a terminal one line that rewrites itself; elsewhere a line, or a JSON event, every two seconds and at each new phase. */
export function progressPrinter(json: boolean): (progress: RebuildProgress) => void {
  let shownAtMs = 0;
  let phase = '';
  return (progress) => {
    if (!json && process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${progressText(progress)}`);
      return;
    }
    const nowMs = Date.now();
    if (progress.phase === phase && nowMs - shownAtMs < LINE_EVERY_MS) return;
    shownAtMs = nowMs;
    phase = progress.phase;
    if (json) console.log(jsonText({ event: 'progress', ...progress }));
    else process.stderr.write(`${progressText(progress)}\n`);
  };
}

/** One line: phase, share, rate and time left. */
export function progressText(progress: RebuildProgress): string {
  const { name, version, phase, records, totalRecords, recordsPerSecond, etaSeconds } = progress;
  const share = totalRecords === 0 ? 100 : Math.floor((records / totalRecords) * 100);
  const eta = etaSeconds === null ? '' : `, ${Math.ceil(etaSeconds)} s left`;
  return `${name} v${version} ${phase} ${share}% (${records} of ${totalRecords} records, ${Math.round(recordsPerSecond)}/s${eta})`;
}
