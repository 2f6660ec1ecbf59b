//! Wardgate.
