//! Wardgate.

pub mod lane;
