import { describe, expect, it } from 'vitest';
import { tumbling } from '../../../../src/projection/declare/window.ts';

describe('tumbling windows', () => {
  it('are data: a size and an offset in milliseconds', () => {
    expect(tumbling('1 minute')).toEqual({ kind: 'tumbling', sizeMs: 60_000, offsetMs: 0 });
    expect(tumbling('PT1H', { offset: '-30 minutes' })).toEqual({
      kind: 'tumbling',
      sizeMs: 3_600_000,
      offsetMs: -1_800_000,
    });
  });

  it('refuse sizes that are not positive durations', () => {
    expect(() => tumbling(0)).toThrow('tumbling(size): 0 is not longer than nothing');
    expect(() => tumbling('-1 minute')).toThrow('not longer than nothing');
    expect(() => tumbling('1 fortnight')).toThrow(
      'tumbling(size): "1 fortnight" is not a duration',
    );
    expect(() => tumbling('1 day', { offset: 'x' })).toThrow('tumbling(offset): "x"');
  });
});
