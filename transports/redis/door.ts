import type { Address, Door, GateHost } from "unigate/transport";
import { endLinksToLost } from "./mailbox/doubted-peers.ts";
import { Links } from "./mailbox/links.ts";
import { Participant } from "./participant.ts";
import { LostWorkers } from "./pull/lost-workers.ts";
import { QueuedJobs } from "./pull/queued-jobs.ts";
import { Services } from "./pull/services.ts";
import type { RedisSettings } from "./settings.ts";

/** What a frame may hold besides its largest record, in bytes. */
const frameRoomBytes = 64 * 1024;

/** How a gate shows itself. */
export interface DoorOptions {
  /** Others may link to it. */
  isListed: boolean;
}

/** Opens the gate's side: a mailbox for links, a place in the table, and the services that workers pull the jobs of. */
export async function openDoor(settings: RedisSettings, gate: GateHost, { isListed }: DoorOptions = { isListed: true }): Promise<Door> {
  const participant = await Participant.join({ settings, clock: gate.clock, logger: gate.logger });
  const { id, post } = participant;
  const links = new Links(post, (connection) => gate.accept(connection));
  endLinksToLost(participant, links);
  const jobs = new QueuedJobs(participant, gate.maxPayloadBytes + frameRoomBytes);
  const services = settings.delivery === "pull" ? new Services(gate, participant, jobs) : undefined;
  services?.follow();
  LostWorkers.lookAfter(participant, {
    services: () => participant.table.catalogue.keys(),
    gone: (workers) => workers.forEach((id) => jobs.peerLost(id)),
  });
  const info = gate.status.info();
  if (isListed)
    await participant.announce({
      member: { kind: "gate", name: info.name, id: info.id, incarnation: id, delivery: settings.delivery },
      services: new Map(),
    });
  const addresses: Address[] = [{ url: settings.meetingUrl, purpose: "clients and workers" }];
  return {
    addresses,
    drain: () => participant.table.leave(id),
    close: async () => {
      services?.close();
      const takenBack = jobs.close();
      links.close();
      await participant.close(takenBack);
    },
  };
}
