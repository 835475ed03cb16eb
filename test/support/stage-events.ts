import { z } from 'zod';
import type { EventDefinition } from '../../src/event/event-definition.ts';
import { defineEvent } from '../../src/index.ts';

/** What a visitor did; keyed by visitor. */
export interface Visit {
  readonly visitor: string;
  readonly team: string;
  readonly at: Date;
}

/** A visitor's second, published when it is over; keyed by team. */
export interface Second {
  readonly team: string;
  readonly visitor: string;
  readonly visits: number;
  readonly at: Date;
}

/**
 * The events of two stages, on topics of their own: visits by visitor, and what is published of
 * them, by team.
 */
export function stageEvents(name: string) {
  const visits = defineEvent({
    name: 'Visit',
    topic: `visits-${name}`,
    format: 'json',
    key: 'visitor',
    time: 'at',
    schema: z.object({ visitor: z.string(), team: z.string(), at: z.coerce.date() }),
  }) as EventDefinition<Visit>;
  const seconds = defineEvent({
    name: 'Second',
    topic: `seconds-${name}`,
    format: 'json',
    key: 'team',
    time: 'at',
    schema: z.object({
      team: z.string(),
      visitor: z.string(),
      visits: z.number(),
      at: z.coerce.date(),
    }),
  }) as EventDefinition<Second>;
  return { visits, seconds };
}

export type StageEvents = ReturnType<typeof stageEvents>;
