/**
 * Compile-time tests of session projections, checked by `tsc` and never run; see
 * windowed-projection.ts.
 */
import { avg, count, first, type RowOf, SessionProjection, sum, topK, zScore } from 'reprise';
import { type Flat, Opened, Paid, same, Told } from './declared.ts';

export class Sittings extends SessionProjection {
  readonly name = 'sittings';
  readonly version = 1;
  define() {
    return this.from(Paid, Opened)
      .key('accountId')
      .where((event) => event.accountId !== '')
      .session({ gap: (event) => ('weight' in event ? event.weight : '1 minute'), lateness: 5 })
      .measure({ pays: count({ of: Paid }), owner: first('owner'), top: topK('method', 2) })
      .onClose(Told, (row) => ({ accountId: row.account_id, at: row.ended_at }), { onRevise: true })
      .index('session_id');
  }
}

same<
  Flat<RowOf<Sittings>>,
  {
    account_id: string;
    session_id: string;
    started_at: Date;
    ended_at: Date;
    duration_ms: bigint;
    closed: boolean;
    pays: bigint;
    owner: string | null;
    top: readonly { readonly value: 'CARD' | 'CASH'; readonly count: number }[];
    top_exact: boolean;
    revised_at_offset: bigint | null;
  }
>(true);

export class Mistaken extends SessionProjection {
  readonly name = 'mistaken';
  readonly version = 1;
  define() {
    // @ts-expect-error no event
    this.from();
    const from = this.from(Paid);
    // @ts-expect-error a decimal is no key
    from.key('amount');
    // @ts-expect-error there is no such field
    from.key('account');
    // @ts-expect-error event time is an instant
    from.time('method');

    const keyed = from.key('accountId');
    // @ts-expect-error there is no such field
    keyed.where({ methd: 'CARD' });
    // @ts-expect-error a gap
    keyed.session({});
    // @ts-expect-error of options
    keyed.session('30 minutes');
    // @ts-expect-error the event has no such field
    keyed.session({ gap: (paid) => paid.wait });
    // @ts-expect-error a decimal is no duration
    keyed.session({ gap: (paid) => paid.amount });
    // @ts-expect-error there is no such option
    keyed.session({ gap: 1, maxlength: 5 });
    // @ts-expect-error an option of windows
    keyed.session({ gap: 1, emit: 'onClose' });

    const cut = keyed.session({ gap: '30 minutes', maxLength: '1 day' });
    // @ts-expect-error text cannot be added up
    cut.measure({ total: sum('accountId') });
    // @ts-expect-error there is no such field
    cut.measure({ total: sum('amuont') });
    // @ts-expect-error scores go with windows
    cut.measure({ mean: avg('weight'), score: zScore('mean') });
    // @ts-expect-error a column of the session
    cut.measure({ startedAt: count() });
    // @ts-expect-error a column of the key
    cut.measure({ account_id: count() });
    // @ts-expect-error hidden names are reserved
    cut.measure({ _until: count() });

    const defined = cut.measure({ pays: count() });
    // @ts-expect-error columns go by their SQL names
    defined.index('startedAt');
    // @ts-expect-error the event has another field
    defined.onClose(Told, (row) => ({ at: row.ended_at }));
    // @ts-expect-error the field is of another type
    defined.onClose(Told, (row) => ({ accountId: row.session_id, at: row.pays }));
    // @ts-expect-error there is no such column
    defined.onClose(Told, (row) => ({ accountId: row.session_id, at: row.endedAt }));
    return defined;
  }
}

export class Unended extends SessionProjection {
  readonly name = 'unended';
  readonly version = 1;
  // @ts-expect-error nothing is kept
  define() {
    return this.from(Paid).key('accountId').session({ gap: 1 });
  }
}
