import type { ClientBase } from 'pg';
import { describe, expect, test } from 'vitest';
import { PrimaryGuard, type ServerIdentity } from '../../../src/readmodel/primary-guard.ts';

const primary: ServerIdentity = {
  isStandby: false,
  isReadOnly: false,
  systemId: '7001',
  timeline: 3,
};

/** A connection to a server that says this of itself; remembers whether it was cut. */
function connectionTo(identity: ServerIdentity, refusedWith?: string) {
  const connection = {
    isCut: false,
    query: (text: string) =>
      refusedWith !== undefined && text.includes('pg_control_system')
        ? Promise.reject(Object.assign(new Error('not allowed'), { code: refusedWith }))
        : Promise.resolve({ rows: [identity] }),
    once: () => undefined,
    end: () => {
      connection.isCut = true;
      return Promise.resolve();
    },
  };
  return connection as typeof connection & ClientBase;
}

describe('of the servers that a process can reach', () => {
  test('a standby and a server that takes no writes are refused, to be tried again', async () => {
    const guard = new PrimaryGuard();
    for (const identity of [
      { ...primary, isStandby: true, timeline: null },
      { ...primary, isReadOnly: true },
    ]) {
      await expect(guard.admit(connectionTo(identity))).rejects.toMatchObject({
        code: 'STANDBY',
        retriable: true,
      });
    }
    await guard.admit(connectionTo(primary));
  });

  test('a primary of a lower timeline is refused once a higher one was seen, and its connections are cut', async () => {
    const guard = new PrimaryGuard();
    const before = connectionTo(primary);
    await guard.admit(before);
    await guard.admit(connectionTo(primary));
    expect(before.isCut).toBe(false);
    const promoted = connectionTo({ ...primary, timeline: 4 });
    await guard.admit(promoted);
    expect([before.isCut, promoted.isCut]).toEqual([true, false]);
    await expect(guard.admit(connectionTo(primary))).rejects.toMatchObject({
      code: 'SPLIT_BRAIN',
      retriable: true,
    });
  });

  test('another cluster is refused', async () => {
    const guard = new PrimaryGuard();
    await guard.admit(connectionTo(primary));
    await expect(
      guard.admit(connectionTo({ ...primary, systemId: '7002', timeline: 9 })),
    ).rejects.toMatchObject({ code: 'SPLIT_BRAIN' });
  });

  test('where a server does not tell its timeline, only standbys are told apart', async () => {
    const guard = new PrimaryGuard();
    const managed = { ...primary, systemId: null, timeline: null };
    await guard.admit(connectionTo(managed, '42501'));
    await guard.admit(connectionTo(managed, '42883'));
    await expect(guard.admit(connectionTo(managed, '57P01'))).rejects.toMatchObject({
      code: '57P01',
    });
  });
});
