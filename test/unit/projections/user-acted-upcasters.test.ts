import { checkUpcasters, upcastEvent } from 'reprise/testing';
import { expect, it } from 'vitest';
import { UserActedV1, UserActedV3 } from '../../../schemas/history/index.ts';
import { UserActed } from '../../../schemas/index.ts';

const action = {
  eventId: '00000000-0000-4000-8000-000000000001',
  userId: 'user-0001',
  action: 'VIEW',
  occurredAt: new Date(0),
} as const;

it('counts whole units where version 1 counted thousandths', () => {
  const event = { ...action, amount: 12_340n };
  expect(upcastEvent(UserActed, UserActedV1, event)).toEqual({ ...action, value: 12.34 });
});

it('leaves later versions to Avro: the amount by its alias, the page left out', () => {
  const event = { ...action, amount: 7, page: '/' };
  expect(upcastEvent(UserActed, UserActedV3, event)).toEqual({ ...action, value: 7 });
});

it('lifts whatever was recorded, and is pure', () => {
  checkUpcasters(UserActed);
});
