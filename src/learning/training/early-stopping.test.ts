import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EarlyStopping, type EarlyStoppingState, observe } from './early-stopping.ts';

/** Feeds figures until it says stop; the state goes through JSON as it would in a checkpoint. */
function follow(stopping: EarlyStopping, figures: readonly number[]) {
  let state: EarlyStoppingState | undefined;
  const improved: boolean[] = [];
  for (const [epoch, figure] of figures.entries()) {
    const judged = observe(stopping, state, { epoch, validation: { [stopping.metric]: figure } });
    state = JSON.parse(JSON.stringify(judged.state)) as EarlyStoppingState; // what was just written
    improved.push(judged.improved);
    if (judged.stop) return { stoppedAt: epoch, state, improved };
  }
  return { stoppedAt: undefined, state: state!, improved };
}

describe('early stopping', () => {
  test('seed 20261: stops at the first epoch whose best lies `patience` epochs back, and names the best', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('min' as const, 'max' as const),
        (figures, patience, mode) => {
          const signed = figures.map((figure) => (mode === 'max' ? figure : -figure));
          const bestUpTo = (epoch: number) => signed.indexOf(Math.max(...signed.slice(0, epoch + 1)));
          const expected = figures.findIndex((_, epoch) => epoch - bestUpTo(epoch) >= patience);
          const { stoppedAt, state } = follow({ metric: 'auc', mode, patience }, figures);
          expect(stoppedAt ?? -1).toBe(expected);
          const end = stoppedAt ?? figures.length - 1;
          expect(state).toEqual({
            best: figures[bestUpTo(end)],
            bestEpoch: bestUpTo(end),
            waited: end - bestUpTo(end),
          });
        },
      ),
      { seed: 20261 },
    );
  });

  test('a gain of minimumDelta or less is no improvement', () => {
    const stopping: EarlyStopping = { metric: 'loss', mode: 'min', patience: 9, minimumDelta: 0.25 };
    expect(follow(stopping, [2, 1.75, 1.5, 1.25]).improved).toEqual([true, false, true, false]);
  });

  test('of equal figures the one with the lower loss is the better, also after a checkpoint', () => {
    const stopping: EarlyStopping = { metric: 'auc', mode: 'max', patience: 9 };
    const epochs = [
      { auc: 1, loss: 0.83 },
      { auc: 1, loss: 0.85 },
      { auc: 0.99, loss: 0.01 },
      { auc: 1, loss: 0.05 },
      { auc: 1, loss: 0.05 },
    ];
    let state: EarlyStoppingState | undefined;
    const improved = epochs.map((validation, epoch) => {
      const judged = observe(stopping, state, { epoch, validation });
      state = JSON.parse(JSON.stringify(judged.state)) as EarlyStoppingState; // what was just written
      return judged.improved;
    });
    expect(improved).toEqual([true, false, false, true, false]);
    expect(state).toEqual({ best: 1, bestEpoch: 3, bestLoss: 0.05, waited: 1 });
  });

  test('a figure that is not a number never counts as best', () => {
    const { state, improved } = follow({ metric: 'auc', mode: 'max', patience: 9 }, [
      Number.NaN,
      0.5,
      Number.NaN,
      0.6,
    ]);
    expect(improved).toEqual([false, true, false, true]);
    expect(state.best).toBe(0.6);
  });

  test('a figure that validation does not give', () => {
    const stopping: EarlyStopping = { metric: 'auc', mode: 'max', patience: 1 };
    expect(() => observe(stopping, undefined, { epoch: 0, validation: { loss: 1 } })).toThrow(
      /^STOPPING_METRIC: early stopping watches 'auc', and validation gives: loss/,
    );
  });
});
