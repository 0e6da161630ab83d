/** What a volume should hold, in plain memory. */
export class VolumeModel {
  readonly bytes: Uint8Array;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
  }

  write(offset: number, data: Uint8Array): void {
    this.bytes.set(data, offset);
  }

  clear(offset: number, lengthBytes: number): void {
    this.bytes.fill(0, offset, offset + lengthBytes);
  }
}
