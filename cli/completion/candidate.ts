/** A word that may stand under the cursor, and what it means. */
export interface Candidate {
  word: string;
  meaning: string;
}
