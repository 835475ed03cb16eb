import { RepriseError } from '../../reprise-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/**
 * A duration: `'1 minute'`, `'90 seconds'`, ISO 8601 `'PT1M30S'`, or milliseconds as a number. A
 * day is 24 hours.
 */
export type Duration = string | number;

/**
 * Converts a duration to milliseconds. `what`: the name of the option in messages. @throws
 * DEFINITION_INVALID
 */
export function durationMs(duration: Duration, what: string): number {
  const ms = milliseconds(duration);
  if (ms === null) {
    throw new RepriseError('DEFINITION_INVALID', `${what}: ${notADuration(duration)}`);
  }
  return ms;
}

/** Returns the part of a message that follows the option's name if its value is not a duration. */
export function notADuration(given: unknown): string {
  const shown = typeof given === 'string' ? JSON.stringify(given) : String(given);
  return `${shown} is not a duration. Write '1 minute', '90 seconds', ISO 8601 'PT1M', or whole milliseconds.`;
}

/** Converts a duration to milliseconds; null if it is not a duration. */
export function milliseconds(duration: unknown): number | null {
  if (typeof duration !== 'number' && typeof duration !== 'string') return null;
  const ms = typeof duration === 'number' ? duration : (wordsMs(duration) ?? isoMs(duration));
  return ms !== null && Number.isSafeInteger(ms) ? ms : null;
}

function wordsMs(text: string): number | null {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s*(millisecond|second|minute|hour|day)s?\s*$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
  return Number(ms.toFixed(6)); // 1.001 × 1000 is 1000.9999999999999
}

function isoMs(text: string): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/.exec(
    text.trim(),
  );
  if (match === null || text.trim() === 'P') return null;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return (
    (days ?? 0) * 86_400_000 +
    (hours ?? 0) * 3_600_000 +
    (minutes ?? 0) * 60_000 +
    Math.round((seconds ?? 0) * 1_000)
  );
}
