/** What has crossed the links of one carrier since the start, and the beats that their peers left unanswered. */
export interface Traffic {
  framesIn: number;
  framesOut: number;
  bytesIn: number;
  bytesOut: number;
  missedBeats: number;
}

/** The traffic of one carrier among that of all; begins at zero. */
export function trafficOf(all: Map<string, Traffic>, carrier: string): Traffic {
  let traffic = all.get(carrier);
  if (traffic === undefined) {
    traffic = newTraffic();
    all.set(carrier, traffic);
  }
  return traffic;
}

/** Traffic that starts at zero. */
export function newTraffic(): Traffic {
  return { framesIn: 0, framesOut: 0, bytesIn: 0, bytesOut: 0, missedBeats: 0 };
}
