/** The panels, in the order of the tab key. */
export const panelNames = ["routes", "queues", "workers", "pools", "events"] as const;

export type PanelName = (typeof panelNames)[number];
