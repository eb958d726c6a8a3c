/**
 * Says incidents in the log, once when they open and once when they are resolved, whichever process
 * opened them. Reads only; the ledger has the whole of it.
 */
import type { Incident } from "../incident/incident.ts";
import { allIncidents } from "../ledger/all-incidents.ts";
import type { IncidentsQuery } from "../ledger/ledger.ts";

/** More do not open between two looks, as a rule; where they do, it is read on. */
const PAGE = 50;

export interface IncidentLine {
  readonly level: "warn" | "info";
  readonly message: "incident opened" | "incident resolved";
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface IncidentPorts {
  readonly incidents: (query: IncidentsQuery) => Promise<readonly Incident[]>;
  readonly incident: (id: number) => Promise<Incident | undefined>;
}

export class IncidentLog {
  readonly #ports: IncidentPorts;
  /** Those that were said as they opened, and not yet as they ended; undefined before a look. */
  #open: ReadonlySet<number> | undefined;
  /** The last one that was seen; they are numbered as they open. */
  #last = 0;
  #isLooking = false;

  constructor(ports: IncidentPorts) {
    this.#ports = ports;
  }

  /** What there is to say since the look before; what was over at the first look is old. */
  async lines(): Promise<readonly IncidentLine[]> {
    // Whoever comes meanwhile would say the same once more.
    if (this.#isLooking) return [];
    this.#isLooking = true;
    try {
      return await this.#look();
    } finally {
      this.#isLooking = false;
    }
  }

  async #look(): Promise<readonly IncidentLine[]> {
    const before = this.#open;
    const fresh = before === undefined ? await this.#first() : await this.#since(this.#last);
    const ended = before === undefined || before.size === 0 ? [] : await this.#endedOf(before);
    const isOpen = ({ resolution }: Incident) => resolution === null;
    const over = new Set(ended.map(({ id }) => id));
    const kept = [...(before ?? [])].filter((id) => !over.has(id));
    this.#open = new Set([...kept, ...fresh.filter(isOpen).map(({ id }) => id)]);
    this.#last = Math.max(this.#last, ...fresh.map(({ id }) => id));
    const inTime = fresh.toReversed();
    return [
      ...ended.map(resolved),
      ...inTime.flatMap((one) => (isOpen(one) ? [opened(one)] : [opened(one), resolved(one)])),
    ];
  }

  /** What is open already; what opens while it is read comes with the next look. */
  async #first(): Promise<readonly Incident[]> {
    const [latest] = await this.#ports.incidents({ limit: 1 });
    this.#last = latest?.id ?? 0;
    return (await this.#allOpen()).filter(({ id }) => id <= this.#last);
  }

  #allOpen(): Promise<readonly Incident[]> {
    return allIncidents(this.#ports, { isOpen: true });
  }

  /** Newest first. */
  async #since(last: number): Promise<readonly Incident[]> {
    const found: Incident[] = [];
    for (;;) {
      const page = await this.#ports.incidents({ before: found.at(-1)?.id, limit: PAGE });
      const fresh = page.filter(({ id }) => id > last);
      found.push(...fresh);
      if (fresh.length < PAGE) return found;
    }
  }

  async #endedOf(before: ReadonlySet<number>): Promise<readonly Incident[]> {
    const open = new Set((await this.#allOpen()).map(({ id }) => id));
    const ids = [...before].filter((id) => !open.has(id)).sort((a, b) => a - b);
    const found = await Promise.all(ids.map((id) => this.#ports.incident(id)));
    return found.filter((one) => one !== undefined && one.resolution !== null) as Incident[];
  }
}

function opened({ id, kind, symbol, summary, next }: Incident): IncidentLine {
  const fields = { incident: id, kind, symbol, summary, next };
  return { level: "warn", message: "incident opened", fields };
}

function resolved({ id, kind, symbol, resolution }: Incident): IncidentLine {
  const { verdict, provenance, reason } = resolution ?? {};
  const fields = { incident: id, kind, symbol, verdict, provenance, reason };
  return { level: "info", message: "incident resolved", fields };
}
