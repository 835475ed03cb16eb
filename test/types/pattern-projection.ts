/**
 * Compile-time tests of pattern projections, checked by `tsc` and never run; see
 * windowed-projection.ts.
 */
import {
  begin,
  bigint,
  columns,
  type Decimal,
  decimal,
  double,
  int,
  noSkip,
  PatternProjection,
  type RowOf,
  skipPastLastEvent,
  skipToFirst,
  skipToLast,
  skipToNext,
  text,
} from 'reprise';
import { type Flat, Opened, Paid, same, Told } from './declared.ts';

const card = { where: { method: 'CARD' } } as const;

export class Suspicions extends PatternProjection {
  readonly name = 'suspicions';
  readonly version = 1;
  define() {
    return this.from(Paid, Opened)
      .key('accountId')
      .pattern(
        begin('opened', { on: Opened, where: { owner: ['x', 'y'] } })
          .next('small', { on: Paid, where: (paid) => paid.weight < 1 })
          .oneOrMore()
          .greedy()
          .until({ accountId: 'z' })
          .notFollowedBy('cash', { on: Paid, where: { method: 'CASH' } })
          .followedBy('large', { on: Paid })
          .optional()
          .within('5 minutes')
          .afterMatch(skipToLast('large')),
        { lateness: '1 second', maxRunsPerKey: 100 },
      )
      .row((m) => ({
        openedAt: m.opened.openedAt,
        smalls: m.small.length,
        pieces: m.large?.pieces,
      }))
      .alert(Told, (m) => ({ accountId: m.opened.accountId, at: m.opened.openedAt }))
      .onTimeout(Told, (m) => (m.opened === undefined ? null : { accountId: '', at: new Date(0) }))
      .index('opened_at', 'smalls');
  }
}

type Suspicion = RowOf<Suspicions>;
same<
  Pick<Flat<Suspicion>, 'account_id' | 'match_id' | 'matched_at' | 'timed_out'>,
  { account_id: string; match_id: string; matched_at: Date; timed_out: boolean }
>(true);
same<Suspicion['opened_at'], Date | null>(true);
same<Suspicion['smalls'], number | null>(true);
same<Suspicion['pieces'], bigint | null | undefined>(true);

export class Declared extends PatternProjection {
  readonly name = 'declared';
  readonly version = 1;
  define() {
    return this.from(Paid)
      .key('accountId')
      .pattern(begin(begin('a', card).next('b')).times(2).followedByAny('c').afterMatch(noSkip()))
      .row(
        columns({ sum: decimal(18, 2), times: decimal(18, 0), note: text().nullable() }),
        (m) => ({ sum: m.c.amount, times: BigInt(m.a.length), note: null }),
      )
      .onTimeout();
  }
}

same<
  Pick<Flat<RowOf<Declared>>, 'sum' | 'times' | 'note'>,
  { sum: Decimal; times: bigint; note: string | null }
>(true);

export class Mistaken extends PatternProjection {
  readonly name = 'mistaken';
  readonly version = 1;
  define() {
    // @ts-expect-error no event
    this.from();
    const from = this.from(Paid);
    // @ts-expect-error a decimal is no key
    from.key('amount');
    // @ts-expect-error event time is an instant
    from.time('weight');
    const keyed = from.key('accountId');
    // @ts-expect-error there is no such field
    keyed.where({ methd: 'CARD' });
    // @ts-expect-error a step is no pattern
    keyed.pattern('a');
    // @ts-expect-error a pattern has a step
    keyed.pattern();
    // @ts-expect-error a step has a name
    begin();
    // @ts-expect-error there is no such option
    begin('a', { when: {} });
    // @ts-expect-error the event has no such field
    begin('a', { on: Paid, where: { methd: 'CARD' } });
    // @ts-expect-error the event has no such symbol
    begin('a', { on: Paid, where: { method: 'CHEQUE' } });
    // @ts-expect-error two steps of one name
    begin('a').next('b').followedBy('a');
    // @ts-expect-error nor where one is of an event of its own
    begin('a').next('b').followedBy('a', { on: Paid });
    // @ts-expect-error what must not come is one step
    begin('a').notNext(begin('b'));
    // @ts-expect-error how often
    begin('a').times();
    // @ts-expect-error between what
    begin('a').within('1 minute', 'steps');
    // @ts-expect-error a skip goes by its function
    begin('a').afterMatch('skipToNext');
    // @ts-expect-error there is no such step
    begin('a').next('b').afterMatch(skipToFirst('c'));
    // @ts-expect-error what must not come is no part of a match
    begin('a').notNext('b').next('c').afterMatch(skipToLast('b'));
    begin('a').next('b').afterMatch(skipToFirst('b')).afterMatch(skipPastLastEvent());
    begin('a').afterMatch(skipToNext());

    keyed.pattern(begin('a', card).next('b', { where: { weight: { gt: 1 }, coupon: null } }));
    keyed.pattern(begin('a', { where: (paid: { readonly weight: number }) => paid.weight > 1 }));
    // @ts-expect-error the projection's events have no such field
    keyed.pattern(begin('a', { where: { methd: 'CARD' } }));
    const cheque = begin('a', card).next('b', { where: { method: 'CHEQUE' } });
    // @ts-expect-error nor such a symbol
    keyed.pattern(cheque.oneOrMore());
    // @ts-expect-error text has no range
    keyed.pattern(begin('a').next(begin('b', { where: { accountId: { gt: 'a' } } }).optional()));
    const owned = (opened: { readonly owner: string }) => opened.owner === '';
    // @ts-expect-error a function of another event
    keyed.pattern(begin('a', { where: owned }));
    // @ts-expect-error there is no such option
    keyed.pattern(begin('a'), { late: 'revise' });

    const matched = keyed.pattern(begin('a').next('b').oneOrMore().within(5));
    // @ts-expect-error there is no such step
    matched.row((m) => ({ x: m.c.weight }));
    // @ts-expect-error there is no such field
    matched.row((m) => ({ x: m.a.wieght }));
    // @ts-expect-error a repeated step has a list
    matched.row((m) => ({ x: m.b.weight }));
    // @ts-expect-error a row is an object
    matched.row((m) => m.a.weight);
    // @ts-expect-error a declared column is not made
    matched.row({ x: double(), y: int() }, (m) => ({ x: m.a.weight }));
    // @ts-expect-error a value of another type
    matched.row({ x: int() }, (m) => ({ x: m.a.method }));
    // @ts-expect-error a whole decimal is a bigint
    matched.row({ x: decimal(18, 0) }, (m) => ({ x: m.a.amount }));
    // @ts-expect-error a match has a key already
    matched.row({ x: text().primaryKey() }, (m) => ({ x: m.a.method }));
    matched.row({ x: bigint() }, (m) => ({ x: m.a.tenantId }));
    // @ts-expect-error the event has another field
    matched.alert(Told, (m) => ({ accountId: m.a.accountId }));
    // @ts-expect-error the field is of another type
    matched.alert(Told, (m) => ({ accountId: m.a.accountId, at: m.a.weight }));
    // @ts-expect-error an event needs its function
    matched.alert(Told);
    // @ts-expect-error an event needs its function
    matched.onTimeout(Told);
    // @ts-expect-error steps may not have been reached
    matched.onTimeout(Told, (m) => ({ accountId: m.a.accountId, at: m.a.paidAt }));
    // @ts-expect-error columns go by their SQL names
    matched.index('matchedAt');
    return matched;
  }
}

export class Unended extends PatternProjection {
  readonly name = 'unended';
  readonly version = 1;
  // @ts-expect-error no pattern
  define() {
    return this.from(Paid).key('accountId');
  }
}
