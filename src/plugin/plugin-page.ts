/** A page that a plugin adds to the doors that have pages, beside the gate's own. */
export interface PluginPage {
  /** `/metrics`: under the prefix of the gate's own pages. */
  path: string;
  /** Whoever asks needs no key, even where the gate has keys. */
  isPublic?: boolean;
}

/** What a page shows. */
export interface PageContent {
  contentType: string;
  body: string | Uint8Array;
}
