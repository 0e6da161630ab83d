import type { ControlBlock } from '../../protos/gen/grainlink/durable/v1/durable_pb.js';

/**
 * Suppression (310). A fresh secondary's map says that everything is dirty: one durable flag, beside a map
 * that holds what is dirty besides. Loading a medium suppresses that flag and nothing else, so that the
 * secondary sees through to the primary's map while its own bits still join the request (rule 15).
 */
export function requestsEverything(control: ControlBlock): boolean {
  return control.allDirty && !control.suppressed;
}

/** Rule 14: everything is asked for without a command, since NVRAM was lost. */
export function hasLostItsMap(control: ControlBlock): boolean {
  return requestsEverything(control) && !control.conventional;
}
