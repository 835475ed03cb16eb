import { expect, it } from 'vitest';
import { subjectOf } from '../../../src/event/subject-of.ts';

const source = { topic: 'accounts', schemaText: '{"name":"MoneyMoved","namespace":"bank"}' };

it('names topic and record, so that several records may live on a topic', () => {
  expect(subjectOf(source)).toBe('accounts-bank.MoneyMoved');
});

it.each([
  ['topicName', 'accounts-value'],
  ['recordName', 'bank.MoneyMoved'],
  ['topicRecordName', 'accounts-bank.MoneyMoved'],
] as const)('names by %s where the topic says so', (strategy, subject) => {
  expect(subjectOf(source, { accounts: strategy, '*': 'topicName' })).toBe(subject);
});

it('has one strategy for the topics that are not named', () => {
  expect(subjectOf(source, { others: 'recordName', '*': 'topicName' })).toBe('accounts-value');
});

it('takes the namespace of a full name as it is', () => {
  expect(subjectOf({ topic: 't', schemaText: '{"name":"a.B","namespace":"c"}' })).toBe('t-a.B');
});
