/**
 * States that follow each other by the clock alone: `CREATING`, two seconds later `ACTIVE`. What is kept is
 * the state that was entered and when; which state it is by now is worked out whenever somebody looks, so
 * that nothing has to run for it, and a restart changes nothing.
 */

/** As a row keeps it. */
export interface Phase<State extends string> {
  readonly state: State;
  /** Since when: epoch milliseconds. */
  readonly since: number;
}

export interface Transition<State extends string> {
  readonly to: State;
  readonly afterMilliseconds: number;
}

export interface Lifecycle<State extends string> {
  /** The phase that a kept one has become. */
  at(kept: Phase<State>, now: number): Phase<State>;
  /**
   * When the state is reached that stays: what has to happen then is a job, scheduled where the state is
   * entered.
   */
  restsAt(kept: Phase<State>): number;
}

/**
 * @param transitions what follows on each state that does not stay
 * @throws TypeError for transitions that never come to rest
 */
export function lifecycle<State extends string>(
  transitions: Readonly<Partial<Record<State, Transition<State>>>>,
): Lifecycle<State> {
  const next = new Map(Object.entries(transitions) as [State, Transition<State>][]);
  for (const begin of next.keys()) {
    const passed = new Set<State>();
    for (let state: State | undefined = begin; state !== undefined; state = next.get(state)?.to) {
      if (passed.has(state)) throw new TypeError(`${begin} never comes to rest`);
      passed.add(state);
    }
  }
  const following = (phase: Phase<State>): Phase<State> | undefined => {
    const transition = next.get(phase.state);
    return transition && { state: transition.to, since: phase.since + transition.afterMilliseconds };
  };
  return {
    at(kept, now) {
      let phase = kept;
      for (let then = following(phase); then && then.since <= now; then = following(then)) phase = then;
      return phase;
    },
    restsAt(kept) {
      let phase = kept;
      for (let then = following(phase); then; then = following(then)) phase = then;
      return phase.since;
    },
  };
}
