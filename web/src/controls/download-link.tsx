interface DownloadLinkProps {
  /** The address of the file at the API. */
  address: string;
  name: string;
  words?: string;
}

/** A link to the numbers of a view as CSV, served by the API. */
export function DownloadLink({ address, name, words = 'CSV' }: DownloadLinkProps) {
  return (
    <a class="download" href={address} download={`${name}.csv`}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path
          fill="none"
          stroke="currentColor"
          stroke-width="1.6"
          stroke-linecap="round"
          stroke-linejoin="round"
          d="M8 2v8m0 0L4.8 6.8M8 10l3.2-3.2M2.5 13.5h11"
        />
      </svg>
      {words}
    </a>
  );
}
