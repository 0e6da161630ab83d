/** The host driver: what a host loads to use a card. */
export { HostDriver, type ConnectOptions, type WriteOptions } from './driver.js';
export { CommandError, ConnectionLostError, TimeoutError } from './errors.js';
export type { Anomalies } from './anomalies.js';
export type { Geometry } from './geometry.js';
export type { RegisterReading } from './register-window.js';
export { connect } from './connect.js';
export { inProcessTransport, type FrameChannel } from './in-process-transport.js';
export { serialTransport } from './serial-transport.js';
export { tcpTransport } from './tcp-transport.js';
export type { Transport } from './transport.js';
