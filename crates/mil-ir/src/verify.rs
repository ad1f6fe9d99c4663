//! The structural verifier: what must hold of any program, whatever its ops mean.
