/** What is the same of every error with one code. */
export interface ErrorEntry {
  /** Status for an HTTP surface. */
  readonly httpStatus: number;
  /** Whether the same call can succeed later without a change by the caller. */
  readonly retryable: boolean;
  /** Exit code of the command line: 2 for misuse, 1 for failure. */
  readonly exitCode: 1 | 2;
  readonly hint: string;
}
