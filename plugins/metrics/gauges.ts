import { Gauge, type Registry } from "prom-client";

/** Adds a gauge that is read anew whenever someone asks for the page. */
export type AddGauge = <Label extends string>(
  name: string,
  help: string,
  labelNames: Label[],
  read: (gauge: Gauge<Label>) => void | Promise<void>,
) => void;

/** Gauges of a registry: labels that were not set at the latest look are left out. */
export function gaugesOf(registry: Registry): AddGauge {
  return <Label extends string>(name: string, help: string, labelNames: Label[], read: (gauge: Gauge<Label>) => void | Promise<void>) => {
    const collect = (): void | Promise<void> => (made.reset(), read(made));
    const made: Gauge<Label> = new Gauge({ name, help, labelNames, registers: [registry], collect });
  };
}
