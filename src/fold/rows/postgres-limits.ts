/** 4713 BC: the first instant of Postgres's timestamptz, and the first day of its date. */
export const EARLIEST_MS = -210_866_803_200_000;
/** `EARLIEST_MS` as a number of days. */
export const EARLIEST_DAY = EARLIEST_MS / 86_400_000;
/** The last instant of a `Date`, which queries return; Postgres's range is somewhat larger. */
export const LATEST_MS = 8_640_000_000_000_000;
/**
 * Maximum UTF-8 bytes of a key's texts together: an entry of the primary key's index must fit in
 * 2,704 bytes with its headers and other columns.
 */
export const KEY_TEXT_BYTES_MAX = 2_500;
