import { type Deadline, Deadlines, type Problem } from '../protocol/index.ts';
import { type Clock, deadlineTime } from '../routing/index.ts';

/** Who wants a place, or has one. */
export interface PlaceHolder {
  /** It has a place from now on, or needs none any more. */
  begin(): void;
  /** Whether it has given no sign of life since this was asked last. */
  isSilent(): boolean;
  /** It gets no place, or has to give its own up. Called at most once. */
  refuse(problem: Problem): void;
}

export interface Place {
  readonly holder: PlaceHolder;
  readonly row: Row;
  state: 'waiting' | 'taken' | 'over';
  deadline: Deadline<Place> | undefined;
}

/** The places of one code. */
interface Row {
  readonly code: string;
  taken: number;
  /** In the order in which they came; some of them may be over. */
  waiting: Place[];
  waits: number;
  /** Those that were silent for too long, the longest first. */
  readonly silent: Set<Place>;
}

export interface PlacesOptions {
  /** Places of one code. */
  readonly most: number;
  /** So many of one code may wait for a place. */
  readonly mostWaiting: number;
  /** Who was silent for so long gives its place up if others want it, in milliseconds. */
  readonly silenceMs: number;
  readonly clock: Clock;
  /** What they are, in the plural. */
  readonly name: string;
}

/**
 * Bounds for each code how many exchanges of one kind may be in hand that a caller can hold up for as
 * long as it likes, so that they never take all that an agent can do at once. Further ones wait for a
 * place, and who has one and is silent gives it up for them.
 */
export class Places {
  readonly #options: PlacesOptions;
  readonly #rows = new Map<string, Row>();
  readonly #lively: Deadlines<Place>;

  constructor(options: PlacesOptions) {
    this.#options = options;
    this.#lively = new Deadlines(deadlineTime(options.clock), options.silenceMs, (place) => {
      if (place.holder.isSilent()) {
        place.row.silent.add(place);
        this.#makeRoom(place.row);
      } else {
        this.#lives(place);
      }
    });
  }

  /** Has it begin, now or when there is a place; or refuses it, if too many wait already. */
  enter(code: string, holder: PlaceHolder): Place {
    const row = this.#row(code);
    const place: Place = { holder, row, state: 'waiting', deadline: undefined };
    const { most, mostWaiting } = this.#options;
    if (row.taken < most) {
      this.#take(place);
    } else if (row.waits < mostWaiting) {
      row.waits += 1;
      row.waiting.push(place);
      this.#makeRoom(row);
    } else {
      place.state = 'over';
      holder.refuse(this.#tooMany());
    }
    return place;
  }

  /** It has begun before: it gets a place though there be none left. */
  squeeze(code: string, holder: PlaceHolder): Place {
    const row = this.#row(code);
    const place: Place = { holder, row, state: 'waiting', deadline: undefined };
    this.#take(place);
    this.#makeRoom(row);
    return place;
  }

  /** It needs no place any more; if it waits for one, it begins. */
  leave(place: Place): void {
    const { row, state } = place;
    if (state === 'over') return;
    place.state = 'over';
    if (state === 'taken') {
      row.taken -= 1;
      row.silent.delete(place);
      if (place.deadline !== undefined) this.#lively.remove(place.deadline);
      this.#next(row);
    } else {
      row.waits -= 1;
      place.holder.begin();
    }
    if (row.taken === 0 && row.waits === 0) this.#rows.delete(row.code);
  }

  /** Refuses all that wait. */
  refuseWaiting(problem: Problem): void {
    for (const row of this.#rows.values()) {
      for (const place of row.waiting.splice(0)) {
        if (place.state === 'waiting') place.holder.refuse(problem);
      }
    }
  }

  #row(code: string): Row {
    let row = this.#rows.get(code);
    if (row === undefined) {
      row = { code, taken: 0, waiting: [], waits: 0, silent: new Set() };
      this.#rows.set(code, row);
    }
    return row;
  }

  #take(place: Place): void {
    place.state = 'taken';
    place.row.taken += 1;
    place.deadline = this.#lively.add(place);
    place.holder.begin();
  }

  #next(row: Row): void {
    while (row.taken < this.#options.most) {
      const place = row.waiting.shift();
      if (place === undefined) return;
      if (place.state !== 'waiting') continue;
      row.waits -= 1;
      this.#take(place);
    }
  }

  #lives(place: Place): void {
    place.row.silent.delete(place);
    if (place.deadline !== undefined) this.#lively.restart(place.deadline);
  }

  /** Takes places from who is silent, for as many as want one. */
  #makeRoom(row: Row): void {
    for (const place of row.silent) {
      if (row.waits === 0 && row.taken <= this.#options.most) return;
      if (place.holder.isSilent()) place.holder.refuse(this.#tooMany());
      else this.#lives(place);
    }
  }

  #tooMany(): Problem {
    const { most, name } = this.#options;
    const detail = `The limit is ${most} ${name} for one tunnel.`;
    return { code: 'too_many_in_flight', detail, retryAfter: 1 };
  }
}
