/** Where a command prints; the program passes the process's own streams. */
export interface CommandOutput {
  /** Text for standard output; `line` ends it. */
  readonly line: (text: string) => void;
  /**
   * From here on a line that cannot be printed is kept for the next one, or left out: for what goes
   * on whoever reads. Before, and without it, it ends the program.
   */
  readonly goOn?: () => void;
  /** Columns of the terminal; undefined when standard output is not one. */
  readonly columns: number | undefined;
  readonly color: boolean;
  /** Whether log lines, on standard error, are read by a person at a terminal. */
  readonly logsAreRead: boolean;
  /**
   * Shows `text` in the last line of standard error, in place of what it showed before; undefined
   * where no person sees it.
   */
  readonly status?: ((text: string) => void) | undefined;
  /** Asks the person at the terminal; undefined where there is none. Rejects when `stop` aborts. */
  readonly ask?: (question: string, stop: AbortSignal) => Promise<string>;
}
