import type { PaymentKind } from '../payment-kind.ts';
import { METHODS, PaymentStream, paymentId, userName } from './payment-stream.ts';

/** A payment of the stream, kept. */
interface KeptPayment {
  readonly id: string;
  readonly atMs: number;
  readonly amount: number;
  readonly method: string;
}

const SESSION_GAP_MS = 30_000;
const PATTERN_WITHIN_MS = 60_000;
const SLIDING_MS = 10_000;
const SLIDING_EVERY_MS = 2_000;
/** More than the pattern's lateness and the stream's disorder. */
const UNSETTLED_MS = 20_000;
/** Amounts are multiples of 2^-52. */
const UNITS = 2 ** 52;

/** The rows of a kind's projection, computed without any of reprise. */
export interface ExpectedKind {
  readonly kind: PaymentKind;
  /** Each row as JSON of the values that `ROWS_SQL` asks for, in its order. */
  readonly rows: ReadonlySet<string>;
  /**
   * Whether a row may be compared: a pattern's match that ends shortly before the end of the log
   * waits for the watermark, which each partition has its own of. Rows of other kinds always.
   */
  readonly isSettled: (values: readonly unknown[]) => boolean;
}

/** Computes the rows of a kind. */
export function expectedKind(kind: PaymentKind, events: number): ExpectedKind {
  const stream = new PaymentStream();
  stream.count = events;
  stream.next();
  const settledMs = stream.appendedAtMs - UNSETTLED_MS;
  const isSettled = (values: readonly unknown[]) =>
    kind !== 'pattern' || (values[2] as number) <= settledMs;
  const rows = ROWS[kind](events).filter(isSettled);
  return { kind, rows: new Set(rows.map((values) => JSON.stringify(values))), isSettled };
}

/** Selects the rows of a kind from its table, for `expectedKind`: milliseconds for times. */
export const ROWS_SQL: Readonly<Record<PaymentKind, (table: string) => string>> = {
  table: (table) => `select user_id, payments, amount, method, ${ms('paid_at')} from ${table}`,
  rows: (table) => `select user_id, payment_id, amount, method, ${ms('paid_at')} from ${table}`,
  session: (table) =>
    `select user_id, ${ms('started_at')}, ${ms('ended_at')}, payments::float8, total, smallest, largest from ${table}`,
  pattern: (table) => `select user_id, ${ms('first_at')}, ${ms('last_at')}, amount from ${table}`,
  distinct: (table) =>
    `select user_id, ${ms('window_start')}, payments::float8 as payments from ${table}`,
  sliding: (table) =>
    `select method, ${ms('window_start')}, sum(payments)::float8, max(largest) from ${table} group by method, window_start`,
};

function ms(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}

const ROWS: Readonly<Record<PaymentKind, (events: number) => readonly (readonly unknown[])[]>> = {
  table: (events) =>
    eachUser(events, (user, payments) => {
      const { amount, method, atMs } = payments.at(-1) as KeptPayment;
      return [[user, payments.length, amount, method, atMs]];
    }),
  rows: (events) =>
    eachUser(events, (user, payments) =>
      payments.map(({ id, amount, method, atMs }) => [user, id, amount, method, atMs]),
    ),
  session: (events) =>
    eachUser(events, (user, payments) =>
      sessionsOf(inTime(payments)).map((session) => {
        const amounts = session.map(({ amount }) => amount);
        const units = amounts.reduce((sum, amount) => sum + BigInt(amount * UNITS), 0n);
        return [
          ...[user, session[0]?.atMs, session.at(-1)?.atMs, session.length],
          ...[Number(units) / UNITS, Math.min(...amounts), Math.max(...amounts)],
        ];
      }),
    ),
  pattern: (events) =>
    eachUser(events, (user, payments) =>
      threesOf(inTime(payments)).map(([first, , third]) => [
        ...[user, first?.atMs, third?.atMs, third?.amount],
      ]),
    ),
  distinct: (events) =>
    eachUser(events, (user, payments) => {
      const hours = new Map<number, Set<string>>();
      for (const { atMs, id } of payments) {
        const hour = Math.floor(atMs / 3_600_000) * 3_600_000;
        hours.set(hour, (hours.get(hour) ?? new Set()).add(id));
      }
      return [...hours].map(([hour, ids]) => [user, hour, ids.size]);
    }),
  sliding: (events) => {
    const rows = new Map<string, { count: number; largest: number }>();
    for (const [, payments] of byUser(events)) {
      for (const { atMs, amount, method } of payments) {
        const last = Math.floor(atMs / SLIDING_EVERY_MS) * SLIDING_EVERY_MS;
        for (let start = last; start > atMs - SLIDING_MS; start -= SLIDING_EVERY_MS) {
          const row = rows.get(`${method} ${start}`) ?? { count: 0, largest: 0 };
          rows.set(`${method} ${start}`, row);
          row.count += 1;
          row.largest = Math.max(row.largest, amount);
        }
      }
    }
    return [...rows].map(([key, { count, largest }]) => {
      const [method, start] = key.split(' ');
      return [method, Number(start), count, largest];
    });
  },
};

function eachUser(
  events: number,
  rowsOf: (user: string, payments: readonly KeptPayment[]) => readonly (readonly unknown[])[],
): readonly (readonly unknown[])[] {
  return [...byUser(events)].flatMap(([user, payments]) => rowsOf(user, payments));
}

/** Every user's payments, in the order of the log. */
function byUser(events: number): ReadonlyMap<string, readonly KeptPayment[]> {
  const users = new Map<string, KeptPayment[]>();
  const stream = new PaymentStream();
  while (stream.count < events) {
    stream.next();
    const user = userName(stream.userIndex);
    const payments = users.get(user) ?? [];
    users.set(user, payments);
    const { occurredAtMs: atMs, amount, methodIndex } = stream;
    payments.push({ id: paymentId(stream), atMs, amount, method: METHODS[methodIndex] as string });
  }
  return users;
}

/** By event time; payments of one time stay in the order of the log. */
function inTime(payments: readonly KeptPayment[]): readonly KeptPayment[] {
  return payments.toSorted((a, b) => a.atMs - b.atMs);
}

function sessionsOf(payments: readonly KeptPayment[]): readonly (readonly KeptPayment[])[] {
  const sessions: KeptPayment[][] = [];
  for (const payment of payments) {
    const open = sessions.at(-1);
    const endMs = open?.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    if (open !== undefined && payment.atMs - endMs <= SESSION_GAP_MS) open.push(payment);
    else sessions.push([payment]);
  }
  return sessions;
}

/** Every three transfers in a row within a minute: each payment may begin one. */
function threesOf(payments: readonly KeptPayment[]): readonly (readonly KeptPayment[])[] {
  return payments.flatMap((first, i) => {
    const three = [first, ...payments.slice(i + 1, i + 3)];
    const isMatch =
      three.length === 3 &&
      three.every(({ method }) => method === 'TRANSFER') &&
      (three[2] as KeptPayment).atMs - first.atMs < PATTERN_WITHIN_MS;
    return isMatch ? [three] : [];
  });
}
