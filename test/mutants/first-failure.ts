/** A mutant is killed by the first case that fails: a smaller one would tell nothing more. */
import fc from "fast-check";

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
