import { expect, test } from 'vitest';
import { UserMetrics } from '../../../../projections/user-metrics.ts';
import { compileProjection } from '../../../../src/projection/compile/compile-projection.ts';
import { DeclaredProjections } from '../../../../src/projection/plan/declared-projections.ts';

class Renamed extends UserMetrics {
  override readonly name = 'renamed';
}

/** Of the same name as a declared one: another version of it, perhaps. */
class Again extends UserMetrics {}

const plans = [UserMetrics, Renamed].map((each) => compileProjection(new each()));
const declared = new DeclaredProjections([UserMetrics, Renamed], plans);

test('a projection is found by its class, an instance of it, or its name', () => {
  for (const reference of [Renamed, new Renamed(), 'renamed']) {
    expect(declared.nameOf(reference)).toBe('renamed');
    expect(declared.planOf(reference)).toBe(plans[1]);
  }
  expect(declared.planOf(UserMetrics)).toBe(plans[0]);
});

test('a name that is not declared stays a name, and has no plan', () => {
  expect(declared.nameOf('dropped')).toBe('dropped');
  expect(() => declared.planOf('dropped')).toThrowError(
    expect.objectContaining({
      code: 'UNKNOWN_PROJECTION',
      message: expect.stringMatching(/named dropped .* declared are: user_metrics, renamed/),
    }),
  );
});

test('a class that is not declared is refused, also under the name of one that is', () => {
  for (const reference of [Again, new Again()]) {
    for (const find of [() => declared.nameOf(reference), () => declared.planOf(reference)]) {
      expect(find).toThrowError(
        expect.objectContaining({
          code: 'UNKNOWN_PROJECTION',
          message: expect.stringMatching(
            /^The class Again is not among .* declared are: UserMetrics \(user_metrics\), Renamed \(renamed\)\. .* give the name/,
          ),
        }),
      );
    }
  }
  expect(() => declared.nameOf(class extends UserMetrics {})).toThrow(/\(without a name\)/);
  expect(() => new DeclaredProjections([], []).nameOf(Again)).toThrow(/declared are: none/);
});
