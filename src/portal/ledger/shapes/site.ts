/** A portal's settings of a site, for all portals on the database. An undefined field keeps the value in the database. */
export interface SiteDeclaration {
  name: string;
  labels?: Readonly<Record<string, string>> | undefined;
  /** The time between two sweeps; null for the default. */
  intervalMs?: number | null | undefined;
  /** The largest number of projects that the ledger keeps of the site; null for the default. */
  maxProjects?: number | null | undefined;
  /** The clouds of the site; null for the clouds that its exporters and readings name. */
  clouds?: readonly string[] | null | undefined;
  /** Clouds of the site that deliver nothing any more: no hour after their last reading is missing. */
  retiredClouds?: readonly string[] | undefined;
}

export interface SiteStatus {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Whether the configuration of a portal that runs has the site. The usage of others stays. */
  declared: boolean;
  /** Unix milliseconds; undefined before the first reading. */
  firstReadingMs: number | undefined;
  /** The last reading of the cloud that was read last. */
  lastReadingMs: number | undefined;
  /** The clouds that are not retired, the one with the oldest last reading first. '' stands for readings without a cloud. */
  clouds: readonly { cloud: string; lastReadingMs: number }[];
  lastSweepMs: number | undefined;
  lastSuccessMs: number | undefined;
  /** Why the last sweep failed, which series were refused, or which cloud had nothing new for longer than an ordinary pause. */
  lastError: string | undefined;
  /** The longest ordinary pause between two readings. A longer pause is a gap. */
  ordinaryPauseMs: number;
  /** The versions that the exporters stated last; undefined if they state none, and like `refusedSeries`. */
  exporterVersions?: readonly string[] | undefined;
  projects: number;
  meters: number;
  /** These and the times and error of sweeps are undefined for a site of which one sees projects of grants only. */
  refusedSeries: number | undefined;
  anomalies: number | undefined;
}
