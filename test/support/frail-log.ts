import type { EventLog } from '../../src/log/event-log.ts';

/** What becomes of one append of the relay: written or not, and whether that is told. */
export type Fate = 'told' | 'untold' | 'half' | 'lost';

/**
 * When something else happens during a relay's round: between its reading of the outbox and the
 * numbers, or between the numbers and the append.
 */
export type Moment = 'reading' | 'sending';

/** A log that may lose what it is given, or its answer, and during which other things happen. */
export function frail(
  log: EventLog,
  fate: () => Fate,
  happen: (at: Moment) => Promise<void>,
): EventLog {
  const describe: EventLog['describe'] = async (topics) => {
    await happen('reading');
    return log.describe(topics);
  };
  const append: EventLog['append'] = async (records, options) => {
    const decided = fate();
    await happen('sending');
    const written = { told: records.length, untold: records.length, lost: 0 };
    const count = decided === 'half' ? records.length >> 1 : written[decided];
    const positions = count === 0 ? [] : await log.append(records.slice(0, count), options);
    if (decided !== 'told') throw new Error('the connection was lost');
    return positions;
  };
  return {
    kind: log.kind,
    identity: () => log.identity(),
    describe,
    append,
    read: (positions, options) => log.read(positions, options),
    ensureTopics: (topics) => log.ensureTopics(topics),
    leaderEpochEnd: (...of) => log.leaderEpochEnd(...of),
    close: () => log.close(),
  };
}
