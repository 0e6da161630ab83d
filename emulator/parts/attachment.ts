/** Something that brings connections to a port: a listening socket, a serial device. */
export interface Attachment {
  /** Where it is found, as an address; a port that was left open is filled in. */
  readonly address: string;
  /** Ends its connections, and takes no more. */
  close(): Promise<void>;
}
